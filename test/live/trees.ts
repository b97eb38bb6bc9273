import { MemoryProvider, WorkTree } from '../../src/live/index.js';
import type { FileDescription, GitProvider, TreeEntry } from '../../src/live/index.js';

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A repository, a clock that stands until it is set, and trees that hear each other as soon as something is sent. */
export class Desk {
  readonly git = new MemoryProvider();
  readonly base: string;
  now = 0;
  readonly #trees: WorkTree[] = [];

  constructor(files: Readonly<Record<string, FileDescription>>) {
    this.base = this.git.commit(files);
  }

  /** The first tree, and then others that join it; connected unless it is said otherwise. */
  async tree(replica: number, provider: GitProvider = this.git): Promise<WorkTree> {
    const options = { replica, provider, clock: () => this.now };
    const [first] = this.#trees;
    const tree =
      first === undefined
        ? WorkTree.create({ ...options, base: this.base })
        : await WorkTree.join({ ...options, operations: [first.missing()] });
    this.#trees.push(tree);
    return tree;
  }

  /** Everything that one sends reaches the others at once. */
  connect(): void {
    for (const from of this.#trees) {
      const send = (bytes: Uint8Array): void => {
        for (const to of this.#trees) if (to !== from) void to.apply(bytes);
      };
      from.on('operations', send);
      from.on('presence', send);
    }
  }
}

export async function list(tree: WorkTree, removed = false): Promise<TreeEntry[]> {
  const entries = [];
  for await (const entry of tree.entries({ removed })) entries.push(entry);
  return entries;
}

/** Path and status of each entry. */
export async function rows(tree: WorkTree, removed = false): Promise<string[]> {
  return (await list(tree, removed)).map(({ path, name, status }) => `${path ?? `(${name})`} ${status}`);
}

/** A provider that counts, and can be shut. */
export class CountingProvider implements GitProvider {
  asked = 0;
  isShut = false;
  readonly #git: GitProvider;

  constructor(git: GitProvider) {
    this.#git = git;
  }

  treeOf: GitProvider['treeOf'] = (oid) => this.#ask(() => this.#git.treeOf(oid));
  tree: GitProvider['tree'] = (oid) => this.#ask(() => this.#git.tree(oid));
  blob: GitProvider['blob'] = (oid) => this.#ask(() => this.#git.blob(oid));

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    this.asked += 1;
    if (this.isShut) throw new Error('The repository cannot be reached.');
    return ask();
  }
}

/** Lets everything end that needs no timer. */
export async function settled(): Promise<void> {
  for (let left = 500; left > 0; left -= 1) await Promise.resolve();
}
