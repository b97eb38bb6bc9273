import { MemoryProvider, WorkTree } from '#mizer/live/index.js';
import { filesPerDirectory, homeOf, type TreeContender, type TreeReplica } from './contender.js';

export const mizerTree: TreeContender = {
  name: 'mizer',
  async open(directories) {
    const options = { provider: new MemoryProvider(), clock: () => performance.now() };
    const one = WorkTree.create({ ...options, replica: 1, base: null });
    await one.batch(async () => {
      for (let directory = 0; directory < directories; directory += 1) {
        await one.create(`d${directory}`, 'directory');
        for (let index = 0; index < filesPerDirectory; index += 1) {
          await one.create(`d${directory}/f${directory * filesPerDirectory + index}`, 'text');
        }
      }
    });
    const other = await WorkTree.join({ ...options, replica: 2, operations: [one.missing()] });
    return [new MizerReplica(one), new MizerReplica(other)];
  },
};

class MizerReplica implements TreeReplica {
  readonly #tree: WorkTree;
  readonly #places = new Map<number, number>();
  #version;

  constructor(tree: WorkTree) {
    this.#tree = tree;
    this.#version = tree.version();
    tree.on('operations', () => {});
  }

  move(file: number, directory: number): Promise<void> {
    const from = this.#places.get(file) ?? homeOf(file);
    this.#places.set(file, directory);
    return this.#tree.rename(`d${from}/f${file}`, `d${directory}/f${file}`);
  }

  take(): Uint8Array {
    const bytes = this.#tree.missing(this.#version);
    this.#version = this.#tree.version();
    return bytes;
  }

  async apply(update: Uint8Array): Promise<void> {
    await this.#tree.apply(update);
  }

  async count(directory: number): Promise<number> {
    let count = 0;
    for await (const entry of this.#tree.entries({ within: `d${directory}`, depth: 1 })) if (entry.visible) count += 1;
    return count;
  }
}
