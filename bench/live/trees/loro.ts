import { LoroDoc, type LoroTree, type TreeID } from 'loro-crdt';
import { filesPerDirectory, type TreeContender, type TreeReplica } from './contender.js';

export const loroTree: TreeContender = {
  name: 'Loro',
  async open(directories) {
    const one = new LoroDoc();
    one.setPeerId(1);
    const { directories: places, files } = fill(one, directories);
    const other = new LoroDoc();
    other.import(one.export({ mode: 'snapshot' }));
    other.setPeerId(2);
    return [new LoroReplica(one, places, files), new LoroReplica(other, places, files)];
  },
};

/** Makes directories with their files, by number. */
export function fill(doc: LoroDoc, count: number): { directories: TreeID[]; files: TreeID[] } {
  const tree = doc.getTree('tree');
  // A directory has no order of its own.
  tree.disableFractionalIndex();
  const directories: TreeID[] = [];
  const files: TreeID[] = [];
  for (let index = 0; index < count; index += 1) {
    const directory = tree.createNode();
    directories.push(directory.id);
    for (let file = 0; file < filesPerDirectory; file += 1) files.push(tree.createNode(directory.id).id);
  }
  doc.commit();
  return { directories, files };
}

class LoroReplica implements TreeReplica {
  readonly #doc: LoroDoc;
  readonly #tree: LoroTree;
  readonly #directories: readonly TreeID[];
  readonly #files: readonly TreeID[];
  #version;

  constructor(doc: LoroDoc, directories: readonly TreeID[], files: readonly TreeID[]) {
    this.#doc = doc;
    this.#tree = doc.getTree('tree');
    this.#tree.disableFractionalIndex();
    this.#directories = directories;
    this.#files = files;
    this.#version = doc.oplogVersion();
  }

  move(file: number, directory: number): void {
    const node = this.#files[file];
    if (node !== undefined) this.#tree.move(node, this.#directories[directory]);
    this.#doc.commit();
  }

  take(): Uint8Array {
    const update = this.#doc.export({ mode: 'update', from: this.#version });
    this.#version = this.#doc.oplogVersion();
    return update;
  }

  apply(update: Uint8Array): void {
    this.#doc.import(update);
  }

  count(directory: number): number {
    const node = this.#directories[directory];
    return node === undefined ? 0 : (this.#tree.getNodeByID(node)?.children()?.length ?? 0);
  }
}
