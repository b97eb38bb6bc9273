import { ObjectReader, type TreeEntry } from '../git/tree-reader.js';
import { MizerError } from '../model/errors.js';
import { join, toDisplay, type TreePath } from '../model/tree-path.js';
import { entryAt } from './entry-at.js';
import { type Moment, momentAt } from './history.js';
import { isTracked, type Node, NodeReader } from './nodes.js';
import type { Shadow } from './shadow.js';
import { withReader } from './with-reader.js';

export interface Entry extends Node {
  /** In the real directory; its root is `''`. */
  readonly path: TreePath;
  /** 0 for what was asked for, 1 for what lies in it, … */
  readonly depth: number;
}

export type SortKey = 'size' | 'mtime' | 'name';

export interface ListOptions {
  /** What to list: a directory with what lies in it, or anything else alone. The root by default. */
  readonly path?: TreePath;
  /** How many levels below it; 1 by default, `Infinity` for all. */
  readonly depth?: number;
  /** Of what lies in one directory: greatest first, newest first, or by the bytes of names (the default). */
  readonly sort?: SortKey;
  /** A revision or a date, as in `momentAt`; the newest state by default. */
  readonly at?: string;
}

export interface Listing {
  readonly moment: Moment;
  /** First what was asked for, then what lies in it, each directory followed by its own. Read while it is iterated. */
  readonly entries: AsyncIterable<Entry>;
}

/**
 * What was recorded at a path: reads only what it shows, and holds no more than the names of one directory of each level; not by name, their records.
 * @throws MizerError as `momentAt`; `E_PATH_UNKNOWN`, `E_RECORD_HURT` while it is iterated
 */
export async function list(shadow: Shadow, options: ListOptions = {}): Promise<Listing> {
  const moment = await withReader(shadow, (reader) => momentAt(shadow, reader, options.at));
  return { moment, entries: entriesOf(shadow, moment, options) };
}

async function* entriesOf(shadow: Shadow, moment: Moment, options: ListOptions): AsyncGenerator<Entry> {
  const { path = '', depth = 1, sort = 'name' } = options;
  const reader = ObjectReader.open(shadow.gitDir);
  const nodes = new NodeReader(reader);
  try {
    const isOpened = ({ entry }: Found): boolean => entry.kind === 'directory' && entry.depth < depth;
    const top = await entryOf(shadow, reader, nodes, moment, path);
    yield top.entry;
    // From the outermost directory to the innermost.
    const levels = isOpened(top) ? [entriesIn(nodes, top, sort)] : [];
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const next = await level.next();
      if (next.done === true) levels.pop();
      else {
        yield next.value.entry;
        if (isOpened(next.value)) levels.push(entriesIn(nodes, next.value, sort));
      }
    }
  } finally {
    reader.close();
  }
}

/** What was asked for. @throws MizerError `E_PATH_UNKNOWN` */
export async function entryOf(
  shadow: Shadow,
  reader: ObjectReader,
  nodes: NodeReader,
  moment: Moment,
  path: TreePath,
): Promise<Found> {
  const tree = await find(reader, moment, path);
  if (tree === undefined) throw unknownPath(shadow, moment, path);
  return { tree, entry: { path, depth: 0, ...(await nodes.node(tree, path)) } };
}

/** So many records are asked for in one turn: each that waits for its answer takes some kilobytes. */
export const atOnce = 500;

/** What lies in a directory. By name no record is held that has been handed out; any other order needs all of them first. */
export async function* entriesIn(nodes: NodeReader, { tree, entry }: Found, sort: SortKey): AsyncGenerator<Found> {
  const children = (await nodes.children(tree.oid)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const found: Found[] = [];
  for (let at = 0; at < children.length; at += atOnce) {
    const some = await Promise.all(
      children.slice(at, at + atOnce).map(async (child): Promise<Found> => {
        const path = join(entry.path, child.name);
        return { tree: child, entry: { path, depth: entry.depth + 1, ...(await nodes.node(child, path)) } };
      }),
    );
    if (sort === 'name') yield* some;
    else found.push(...some);
  }
  yield* found.sort(orders[sort]);
}

export interface Found {
  readonly tree: TreeEntry;
  readonly entry: Entry;
}

const byName = (a: Found, b: Found): number => (a.entry.path < b.entry.path ? -1 : 1);

const orders: Readonly<Record<SortKey, (a: Found, b: Found) => number>> = {
  name: byName,
  size: (a, b) => Number(b.entry.totals.size - a.entry.totals.size) || byName(a, b),
  mtime: (a, b) => (b.entry.mtime ?? -Infinity) - (a.entry.mtime ?? -Infinity) || byName(a, b),
};

/** What is recorded at a path; stubs and `.nogtree` are no paths of the directory. */
export async function find(reader: ObjectReader, { tree }: Moment, path: TreePath): Promise<TreeEntry | undefined> {
  const named = path === '' || path.split('/').every((name) => isTracked({ name }));
  return named ? entryAt(reader, tree, path) : undefined;
}

export function unknownPath(shadow: Shadow, { time }: Moment, path: TreePath): MizerError {
  const when = new Date(time * 1000).toISOString();
  return new MizerError('E_PATH_UNKNOWN', `Nothing is recorded of ${toDisplay(path)} at ${when}.`, {
    hint: `It was not there, could not be read, or the policy of ${shadow.realDirectory} does not track it: see mzr observe ls on a directory above.`,
    data: { path: toDisplay(path), time },
  });
}
