import { MemoryProvider, WorkTree, type TextBuffer } from '#mizer/live/index.js';
import { replicaNumber, type TextContender, type TextReplica } from './contender.js';

const path = 'text';

/** A whole work tree, of which one buffer is open. */
export const mizerText: TextContender = {
  name: 'mizer',
  async open(seed, count) {
    const provider = new MemoryProvider();
    const base = seed === '' ? null : provider.commit({ [path]: seed });
    const clock = (): number => performance.now();
    const first = WorkTree.create({ replica: replicaNumber(0), base, provider, clock });
    if (seed === '') await first.create(path, 'text');
    const replicas: MizerReplica[] = [];
    for (let index = 0; index < count; index += 1) {
      const options = { replica: replicaNumber(index), provider, clock };
      const tree = index === 0 ? first : await WorkTree.join({ ...options, operations: [first.missing()] });
      replicas.push(new MizerReplica(tree, await tree.open(path)));
    }
    return replicas;
  },
  async load(saved) {
    const options = { replica: replicaNumber(9), provider: new MemoryProvider(), clock: () => performance.now() };
    const tree = await WorkTree.join({ ...options, operations: saved });
    return (await tree.open(path)).text();
  },
};

class MizerReplica implements TextReplica {
  onChange: (() => void) | undefined;
  readonly #tree: WorkTree;
  readonly #buffer: TextBuffer;
  #sent: Uint8Array = new Uint8Array();

  constructor(tree: WorkTree, buffer: TextBuffer) {
    this.#tree = tree;
    this.#buffer = buffer;
    tree.on('operations', (bytes) => (this.#sent = bytes));
    buffer.on('change', ({ origin }) => {
      if (origin === 'remote') this.onChange?.();
    });
  }

  edit(start: number, deleted: number, inserted: string): Uint8Array {
    this.#buffer.edit([{ start, end: start + deleted }], inserted);
    return this.#sent;
  }

  apply(update: Uint8Array): Promise<unknown> {
    return this.#tree.apply(update);
  }

  text(): string {
    return this.#buffer.text();
  }

  save(): Uint8Array {
    return this.#tree.missing();
  }
}
