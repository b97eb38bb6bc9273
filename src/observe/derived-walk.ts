import type { ObjectReader, TreeEntry } from '../git/tree-reader.js';
import { join, parentOf, type TreePath } from '../model/tree-path.js';
import { STUB_FILES } from './policy.js';

/** A directory in the trees of three commits: of `master-stat` now, of `master-stat` when the branch was made last, and of the branch. */
export interface Place {
  readonly path: TreePath;
  readonly stat: string;
  readonly base: string | undefined;
  readonly own: string | undefined;
}

export interface PlacedEntry {
  readonly path: TreePath;
  /** In `master-stat` now. */
  readonly stat: TreeEntry;
  /** What the branch says of it. */
  readonly own: TreeEntry | undefined;
  /** The record is the same as when the branch was made last, and so are all below it: nothing has to be read again. */
  readonly same: boolean;
  /** Of a directory: the same one level deeper. */
  readonly below: Place;
}

/** Goes through a branch and the state of `master-stat` that it is to be made from; equal subtrees are not opened. */
export class DerivedWalk {
  readonly #reader: ObjectReader;
  readonly #again: ReadonlySet<TreePath>;
  /** Directories that hold something to be read again. */
  readonly #unsettled = new Set<TreePath>();

  constructor(reader: ObjectReader, again: Iterable<TreePath>) {
    this.#reader = reader;
    this.#again = new Set(again);
    for (const path of this.#again) {
      for (let at = parentOf(path); !this.#unsettled.has(at); at = parentOf(at)) this.#unsettled.add(at);
    }
  }

  /** The trees of three commits. @param base and @param own may not be there */
  async top(stat: string, base: string | undefined, own: string): Promise<Place> {
    const trees = await Promise.all([stat, base ?? '', own].map(async (commit) => this.#treeOf(commit)));
    return { path: '', stat: trees[0] ?? '', base: trees[1], own: trees[2] };
  }

  async #treeOf(commit: string): Promise<string | undefined> {
    return commit === '' ? undefined : (await this.#reader.object(`${commit}^{tree}`))?.oid;
  }

  /** What is in the directory, in git's order; the stub's files are left out. */
  async entries(place: Place): Promise<PlacedEntry[]> {
    const [stat, base, own] = await Promise.all([place.stat, place.base, place.own].map((tree) => this.#read(tree)));
    const found: PlacedEntry[] = [];
    for (const [name, entry] of stat ?? []) {
      if (place.path === '' && STUB_FILES.some((file) => file === name)) continue;
      const path = join(place.path, name);
      const before = base?.get(name);
      const has = own?.get(name);
      const isTree = entry.mode === '040000';
      const same =
        before?.oid === entry.oid &&
        before.mode === entry.mode &&
        !this.#again.has(path) &&
        !(isTree && this.#unsettled.has(path));
      const below = { path, stat: entry.oid, base: treeOid(before), own: treeOid(has) };
      found.push({ path, stat: entry, own: has, same, below });
    }
    return found;
  }

  /** The stub's files in a tree. */
  async stubs(tree: string | undefined): Promise<TreeEntry[]> {
    const entries = await this.#read(tree);
    return STUB_FILES.flatMap((name) => entries.get(name) ?? []);
  }

  async #read(tree: string | undefined): Promise<ReadonlyMap<string, TreeEntry>> {
    if (tree === undefined) return new Map();
    return new Map((await this.#reader.tree(tree)).map((entry) => [entry.name, entry]));
  }
}

function treeOid(entry: TreeEntry | undefined): string | undefined {
  return entry?.mode === '040000' ? entry.oid : undefined;
}
