import type { ObjectReader, TreeEntry } from '../git/tree-reader.js';
import { MizerError } from '../model/errors.js';
import { join, toDisplay, type TreePath } from '../model/tree-path.js';
import { NOGTREE, parseRecord, type Totals } from './blob.js';
import { sumOf } from './totals.js';

/** A directory that is tracked as one is a `bundle`, one that is a git repository a `repository`. */
export type NodeKind = 'directory' | 'file' | 'link' | 'bundle' | 'repository';

/** What is recorded of one path. */
export interface Node {
  readonly kind: NodeKind;
  /** Seconds since 1970; of links it is not recorded. */
  readonly mtime?: number;
  readonly totals: Totals;
  /** Where a link points: bytes, as in a `TreePath`. */
  readonly target?: string;
  /** The commit of a repository's HEAD. */
  readonly head?: string;
}

/** An entry of a tree that is no stub and no `.nogtree`: those names are never tracked. */
export function isTracked({ name }: Pick<TreeEntry, 'name'>): boolean {
  return !name.startsWith('.git') && !name.startsWith('.nog');
}

const none: Totals = { dirs: 0, files: 0, links: 0, others: 0, size: 0n };

/** Reads what trees of `master-stat` say, through one reader. */
export class NodeReader {
  readonly #reader: ObjectReader;
  /** Totals that are in no blob (`fso.rollup=false`), by tree. */
  readonly #counted = new Map<string, Promise<Totals>>();

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  /** What lies in a tree, in git's order. */
  async children(tree: string): Promise<readonly TreeEntry[]> {
    return (await this.#reader.tree(tree)).filter(isTracked);
  }

  /** @throws MizerError `E_RECORD_HURT` */
  async node(entry: TreeEntry, path: TreePath): Promise<Node> {
    if (entry.mode === '040000') return this.directory(entry.oid, path);
    if (entry.mode === '160000') return { kind: 'repository', totals: none, head: entry.oid };
    const bytes = await this.#reader.blob(entry.oid);
    if (entry.mode === '120000')
      return { kind: 'link', totals: { ...none, links: 1 }, target: bytes.toString('latin1') };
    const record = parseRecord(bytes, 'path');
    switch (record?.kind) {
      case 'file':
        return { kind: 'file', mtime: record.mtime, totals: { ...none, files: 1, size: record.size } };
      case 'bundle':
        return { kind: 'bundle', mtime: record.mtime, totals: record.totals };
      case 'submodule':
        return { kind: 'repository', mtime: record.mtime, totals: record.totals, head: record.commit };
      default:
        throw hurt(path, entry.oid);
    }
  }

  /** What is recorded of the directory that a tree stands for; only its `.nogtree` is read where that has totals. */
  async directory(tree: string, path: TreePath): Promise<Node> {
    const blob = await this.#reader.object(`${tree}:${NOGTREE}`);
    if (blob === undefined) return { kind: 'directory', totals: await this.#count(tree, path) };
    const record = parseRecord(blob.content, 'nogtree');
    if (record?.kind !== 'directory' && record?.kind !== 'root') throw hurt(path, tree);
    const totals = record.totals ?? (await this.#count(tree, path));
    return { kind: 'directory', mtime: record.mtime, totals };
  }

  /** The sum over what is tracked below, each file once for each of its names. */
  #count(tree: string, path: TreePath): Promise<Totals> {
    const known = this.#counted.get(tree) ?? this.#sum(tree, path);
    this.#counted.set(tree, known);
    return known;
  }

  async #sum(tree: string, path: TreePath): Promise<Totals> {
    const entries = await this.children(tree);
    const leaves = entries.filter(({ mode }) => mode !== '040000');
    const nodes = await Promise.all(leaves.map((entry) => this.node(entry, join(path, entry.name))));
    let sum: Totals = { ...none, dirs: 1 };
    for (const { totals } of nodes) sum = sumOf(sum, totals);
    // One after the other, so that no more is held than one directory of each level.
    for (const { mode, oid, name } of entries) {
      if (mode === '040000') sum = sumOf(sum, await this.#count(oid, join(path, name)));
    }
    return sum;
  }
}

function hurt(path: TreePath, oid: string): MizerError {
  return new MizerError('E_RECORD_HURT', `The record of ${toDisplay(path) || 'the root'} cannot be read.`, {
    group: 'failed',
    hint: 'Run `git fsck` in the shadow repository; the next mzr observe stat writes the record anew.',
    data: { path: toDisplay(path), oid },
  });
}
