import { MemoryProvider, nameFromBytes } from 'mizer/live';
import type { FileDescription, WorkTree } from 'mizer/live';

const main: Record<string, FileDescription> = {
  'README.md': '# Garden\n\nA small program about a garden.\n\nRun it with `./run`.\n',
  run: { mode: 0o100755, content: '#!/bin/sh\nexec node src/main.js\n' },
  'src/main.js':
    "import { beds } from './beds.js';\n\nfor (const [name, plants] of Object.entries(beds)) {\n  console.log(`${name}: ${plants.join(', ')}`);\n}\n",
  'src/beds.js':
    "export const beds = {\n  north: ['fern', 'moss'],\n  south: ['sage', 'thyme'],\n  pond: ['iris'],\n};\n",
  'docs/plan.md': '# Plan\n\n- dig\n- sow\n- wait\n',
  'docs/spring.md': 'Crocus first, then tulips.\n',
  'assets/seed.bin': new Uint8Array([0, 7, 255, 1]),
};

/** Another branch: some of the same lines say something else, and a file is elsewhere. */
const { 'docs/spring.md': spring = '', ...others } = main;
const herbs: Record<string, FileDescription> = {
  ...others,
  'docs/seasons/spring.md': spring,
  'src/beds.js':
    "export const beds = {\n  north: ['fern', 'moss'],\n  herbs: ['sage', 'thyme', 'basil'],\n  pond: ['iris'],\n};\n",
  'docs/plan.md': '# Plan\n\n- dig\n- sow\n- water\n- wait\n',
};

export interface Commit {
  readonly oid: string;
  readonly title: string;
}

/** The repository that both have: in memory, and reachable even when the line between them is cut. */
export class Project {
  readonly provider = new MemoryProvider();
  readonly commits: Commit[] = [];
  readonly #listeners: (() => void)[] = [];

  constructor() {
    const first = this.provider.commit(main, [], 'main');
    this.commits.push({ oid: first, title: 'main' });
    this.commits.push({ oid: this.provider.commit(herbs, [first], 'herbs'), title: 'herbs' });
  }

  get first(): string {
    return this.commits[0]?.oid ?? '';
  }

  onCommit(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Makes a commit of what a tree shows, and moves the tree onto it. */
  async commit(tree: WorkTree, person: string): Promise<void> {
    const { provider } = this;
    const version = tree.version();
    const parents = tree.base === null ? [] : [tree.base];
    const files = new Map<string, FileDescription>(parents.flatMap((oid) => Array.from(provider.files(oid))));
    for await (const { path, after } of tree.changes()) {
      const name = nameFromBytes(Uint8Array.from(path, (byte) => byte.charCodeAt(0)));
      if (after === undefined) files.delete(name);
      else files.set(name, { mode: after.mode, content: 'oid' in after ? await provider.blob(after.oid) : after.bytes });
    }
    const title = `${this.commits.length - 1} by ${person}`;
    const oid = provider.commit(files, parents, title);
    this.commits.push({ oid, title });
    await tree.commit(oid, version);
    for (const listener of this.#listeners) listener();
  }
}
