import type { ObjectReader, TreeEntry } from '../git/tree-reader.js';
import { isWithin, nameOf, parentOf, type TreePath } from '../model/tree-path.js';
import { NOGTREE, parseRecord, type BlobRecord, type Totals } from './blob.js';
import { sumOf } from './totals.js';

const nothing: Totals = { dirs: 0, files: 0, links: 0, others: 0, size: 0n };

/** What `master-stat` said before: read only where something cannot be looked at, or is asked about. */
export class LastRecords {
  readonly #reader: ObjectReader;
  readonly #root: string | undefined;
  /** The trees on the way to the one that was read last, and it: neighbours follow one another. */
  readonly #recent = new Map<TreePath, ReadonlyMap<string, TreeEntry>>();

  /** @param root the tree of the last commit, if there is one */
  constructor(reader: ObjectReader, root: string | undefined) {
    this.#reader = reader;
    this.#root = root;
  }

  /** What stood at a path. */
  async entry(path: TreePath): Promise<TreeEntry | undefined> {
    return (await this.entries(parentOf(path))).get(nameOf(path));
  }

  /** What stood in a directory; nothing where it was not tracked. */
  async entries(path: TreePath): Promise<ReadonlyMap<string, TreeEntry>> {
    const known = this.#recent.get(path);
    if (known !== undefined) return known;
    const oid = path === '' ? this.#root : directoryOid(await this.entry(path));
    const entries = new Map(
      (oid === undefined ? [] : await this.#reader.tree(oid)).map((entry) => [entry.name, entry]),
    );
    for (const old of this.#recent.keys()) if (!isWithin(path, old)) this.#recent.delete(old);
    this.#recent.set(path, entries);
    return entries;
  }

  async record(entry: TreeEntry | undefined, place: 'path' | 'nogtree'): Promise<BlobRecord | undefined> {
    if (entry?.mode !== '100644') return undefined;
    return parseRecord(await this.#reader.blob(entry.oid), place);
  }

  /** What an entry counts for; of a tree without totals, the sum of all that is recorded below it. */
  async totals(entry: TreeEntry): Promise<Totals> {
    if (entry.mode === '120000') return { ...nothing, links: 1 };
    if (entry.mode !== '040000') {
      const record = await this.record(entry, 'path');
      if (record?.kind === 'bundle' || record?.kind === 'submodule') return record.totals;
      return record?.kind === 'file' ? { ...nothing, files: 1, size: record.size } : nothing;
    }
    const entries = await this.#reader.tree(entry.oid);
    const own = await this.record(
      entries.find(({ name }) => name === NOGTREE),
      'nogtree',
    );
    if (own?.kind === 'directory' && own.totals !== undefined) return own.totals;
    let sum = { ...nothing, dirs: 1 };
    for (const child of entries) if (!isSpecial(child.name)) sum = sumOf(sum, await this.totals(child));
    return sum;
  }
}

/** Names that belong to git or to the shadow: counted, never tracked. */
export function isSpecial(name: string): boolean {
  return name.startsWith('.git') || name.startsWith('.nog');
}

function directoryOid(entry: TreeEntry | undefined): string | undefined {
  return entry?.mode === '040000' ? entry.oid : undefined;
}
