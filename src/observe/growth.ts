import { ObjectReader, type TreeEntry } from '../git/tree-reader.js';
import { join, type TreePath } from '../model/tree-path.js';
import { type Moment, momentAt, momentSince } from './history.js';
import { atOnce, find, unknownPath } from './list.js';
import { type Node, NodeReader } from './nodes.js';
import { STUB_FILES } from './policy.js';
import type { Shadow } from './shadow.js';
import { withReader } from './with-reader.js';

/** `changed`: as big and as many as before, and yet not the same. */
export type Change = 'came' | 'went' | 'grew' | 'shrank' | 'changed' | 'same';

export interface Growth {
  readonly path: TreePath;
  /** 0 for what was asked for, 1 for what lies in it, … */
  readonly depth: number;
  readonly change: Change;
  /** Absent where it came. */
  readonly before?: Node;
  /** Absent where it went. */
  readonly after?: Node;
  /** Bytes more than before, negative for less. */
  readonly bytes: bigint;
  /** Files more than before. */
  readonly files: number;
}

export interface GrowthOptions {
  /** A directory, or anything else alone; the root by default. */
  readonly path?: TreePath;
  /** A revision or a date, as in `momentAt`; a date before the first state means the first. */
  readonly since: string;
  /** The newest state by default. */
  readonly until?: string;
  /** How many levels below the path; 1 by default, `Infinity` for all. */
  readonly depth?: number;
}

export interface GrowthReport {
  readonly from: Moment;
  readonly to: Moment;
  /** Whether what is tracked was changed between: then something may come or go here that was there all the time. */
  readonly policyChanged: boolean;
  /** First what was asked for; then what differs in it, greatest difference first, each directory followed by its own. Read while it is iterated. */
  readonly changes: AsyncIterable<Growth>;
}

/**
 * What came, went, grew and shrank between two states, exactly. Trees that are equal are not opened.
 * @throws MizerError as `momentAt`; `E_PATH_UNKNOWN` where neither state has the path, `E_RECORD_HURT` while it is iterated
 */
export async function growth(shadow: Shadow, options: GrowthOptions): Promise<GrowthReport> {
  return withReader(shadow, async (reader) => {
    const { from, to } = await statesOf(shadow, reader, options);
    const stubs = await Promise.all([from, to].map(({ tree }) => stubIds(reader, tree)));
    return { from, to, policyChanged: stubs[0] !== stubs[1], changes: changesOf(shadow, from, to, options) };
  });
}

/** The two states that are compared. */
export async function statesOf(
  shadow: Shadow,
  reader: ObjectReader,
  { since, until }: Pick<GrowthOptions, 'since' | 'until'>,
): Promise<{ readonly from: Moment; readonly to: Moment }> {
  return { from: await momentSince(shadow, reader, since), to: await momentAt(shadow, reader, until) };
}

async function stubIds(reader: ObjectReader, tree: string): Promise<string> {
  const found = await Promise.all(STUB_FILES.map((name) => reader.object(`${tree}:${name}`)));
  return found.map((object) => object?.oid ?? '-').join(' ');
}

/** One path in both states. */
export interface Pair {
  readonly path: TreePath;
  readonly depth: number;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

export interface Found extends Pair {
  readonly growth: Growth;
}

async function* changesOf(shadow: Shadow, from: Moment, to: Moment, options: GrowthOptions): AsyncGenerator<Growth> {
  const { path = '', depth = 1 } = options;
  const reader = ObjectReader.open(shadow.gitDir);
  const nodes = new NodeReader(reader);
  try {
    const pending = [await pairAt(shadow, reader, nodes, from, to, path)];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      yield next.growth;
      if (next.depth < depth && !isSame(next)) pending.push(...(await changesIn(nodes, next)).toReversed());
    }
  } finally {
    reader.close();
  }
}

/** What was asked for, in both states. @throws MizerError `E_PATH_UNKNOWN` */
export async function pairAt(
  shadow: Shadow,
  reader: ObjectReader,
  nodes: NodeReader,
  from: Moment,
  to: Moment,
  path: TreePath,
): Promise<Found> {
  const [before, after] = [await find(reader, from, path), await find(reader, to, path)];
  if (before === undefined && after === undefined) throw unknownPath(shadow, to, path);
  return look(nodes, { path, depth: 0, before, after });
}

/** What differs in a directory, the greatest difference first. */
export async function changesIn(nodes: NodeReader, { path, depth, before, after }: Pair): Promise<readonly Found[]> {
  const entriesOf = async (entry: TreeEntry | undefined): Promise<Map<string, TreeEntry>> =>
    new Map((entry?.mode === '040000' ? await nodes.children(entry.oid) : []).map((child) => [child.name, child]));
  const [old, now] = await Promise.all([entriesOf(before), entriesOf(after)]);
  const differing = [...new Set([...old.keys(), ...now.keys()])]
    .map((name) => ({ path: join(path, name), depth: depth + 1, before: old.get(name), after: now.get(name) }))
    .filter((pair) => !isSame(pair));
  const found: Found[] = [];
  for (let at = 0; at < differing.length; at += atOnce) {
    found.push(...(await Promise.all(differing.slice(at, at + atOnce).map((pair) => look(nodes, pair)))));
  }
  return found.sort(byDifference);
}

function isSame({ before, after }: Pair): boolean {
  return before?.oid === after?.oid && before?.mode === after?.mode;
}

async function look(nodes: NodeReader, pair: Pair): Promise<Found> {
  const { path, depth } = pair;
  const [before, after] = await Promise.all(
    [pair.before, pair.after].map((entry) => (entry === undefined ? undefined : nodes.node(entry, path))),
  );
  const bytes = (after?.totals.size ?? 0n) - (before?.totals.size ?? 0n);
  const files = (after?.totals.files ?? 0) - (before?.totals.files ?? 0);
  const sides = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  return { ...pair, growth: { path, depth, change: changeOf(pair, bytes, files), ...sides, bytes, files } };
}

function changeOf(pair: Pair, bytes: bigint, files: number): Change {
  if (pair.before === undefined) return 'came';
  if (pair.after === undefined) return 'went';
  if (isSame(pair)) return 'same';
  if (bytes !== 0n) return bytes > 0n ? 'grew' : 'shrank';
  if (files !== 0) return files > 0 ? 'grew' : 'shrank';
  return 'changed';
}

function byDifference({ growth: a }: Found, { growth: b }: Found): number {
  const size = ({ bytes }: Growth): bigint => (bytes < 0n ? -bytes : bytes);
  return Number(size(b) - size(a)) || Math.abs(b.files) - Math.abs(a.files) || (a.path < b.path ? -1 : 1);
}
