import { nameOf, toDisplay, toText, type TreePath } from '../model/tree-path.js';
import { changesIn, type Found as Difference, type GrowthOptions, pairAt, statesOf } from './growth.js';
import { momentAt } from './history.js';
import { entriesIn, entryOf, type Found as Entry, type ListOptions } from './list.js';
import { NodeReader } from './nodes.js';
import type { Shadow } from './shadow.js';
import { withReader } from './with-reader.js';

/** What the page shows of one path. Sizes are bytes, in `growth` what came to be; times are seconds since 1970. */
export interface MapNode {
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  readonly files?: number;
  readonly mtime?: number;
  readonly change?: string;
  readonly after?: number;
  /** There is more in it than this page has. */
  closed?: true;
  children?: readonly MapNode[];
}

export interface TreeMap {
  readonly kind: 'listing' | 'growth';
  readonly title: string;
  readonly subtitle: string;
  readonly top: MapNode;
}

/** So many can be drawn and looked through with ease, and fit into a page of about a megabyte. */
const mostNodes = 10_000;
/** Of one directory; the others together are one node. */
const mostChildren = 1000;
const atOnce = 16;

/**
 * A map of what was recorded at a path. The greatest directories are opened first, until the page is full.
 * @throws MizerError as `list`
 */
export async function listMap(shadow: Shadow, options: Omit<ListOptions, 'sort'> = {}): Promise<TreeMap> {
  const { path = '', depth = Infinity } = options;
  return withReader(shadow, async (reader) => {
    const moment = await momentAt(shadow, reader, options.at);
    const nodes = new NodeReader(reader);
    const { title, subtitle } = headings(shadow, path, `recorded ${isoTime(moment.time)}`);
    const top = listed(nodes, await entryOf(shadow, reader, nodes, moment, path), depth, title);
    return { kind: 'listing', title, subtitle, top: await filled(top) };
  });
}

/** A map of what differs between two states, by how much. @throws MizerError as `growth` */
export async function growthMap(shadow: Shadow, options: GrowthOptions): Promise<TreeMap> {
  const { path = '', depth = Infinity } = options;
  return withReader(shadow, async (reader) => {
    const { from, to } = await statesOf(shadow, reader, options);
    const nodes = new NodeReader(reader);
    const { title, subtitle } = headings(shadow, path, `between ${isoTime(from.time)} and ${isoTime(to.time)}`);
    const top = differing(nodes, await pairAt(shadow, reader, nodes, from, to, path), depth, title);
    return { kind: 'growth', title, subtitle, top: await filled(top) };
  });
}

/** A node, and how to come by what lies in it. */
interface Branch {
  readonly node: MapNode;
  readonly open?: () => Promise<readonly Branch[]>;
}

function listed(nodes: NodeReader, found: Entry, depth: number, title = ''): Branch {
  const { entry } = found;
  const { kind, mtime, totals } = entry;
  const node: MapNode = {
    name: label(entry.path, title),
    kind,
    size: Number(totals.size),
    ...(kind === 'file' || kind === 'link' ? {} : { files: totals.files }),
    ...(mtime === undefined ? {} : { mtime }),
  };
  if (kind !== 'directory' || entry.depth >= depth) return { node };
  const open = async (): Promise<readonly Branch[]> => {
    const children: Entry[] = [];
    for await (const child of entriesIn(nodes, found, 'size')) children.push(child);
    const branches = children.map((child) => listed(nodes, child, depth));
    const files = totals.files - children.reduce((sum, child) => sum + child.entry.totals.files, 0);
    const bytes = Number(totals.size - children.reduce((sum, child) => sum + child.entry.totals.size, 0n));
    const rest: MapNode = { name: 'not tracked one by one', kind: 'more', size: Math.max(0, bytes), files };
    return files > 0 ? [...branches, { node: rest }] : branches;
  };
  return { node, open };
}

function differing(nodes: NodeReader, found: Difference, depth: number, title = ''): Branch {
  const { path, bytes, files, change, before, after } = found.growth;
  const { kind } = after ?? before ?? { kind: 'directory' };
  const own = { name: label(path, title), kind, size: Number(bytes), files, change };
  const node: MapNode = { ...own, ...(after === undefined ? {} : { after: Number(after.totals.size) }) };
  const isLeaf = before?.kind !== 'directory' && after?.kind !== 'directory';
  if (isLeaf || change === 'same' || found.depth >= depth) return { node };
  return { node, open: async () => (await changesIn(nodes, found)).map((child) => differing(nodes, child, depth)) };
}

/** Opens what weighs most first, until there are enough nodes. */
async function filled(top: Branch): Promise<MapNode> {
  let frontier = [top];
  let count = 1;
  while (frontier.length > 0 && count < mostNodes) {
    frontier.sort((a, b) => weight(b.node) - weight(a.node));
    const next = frontier.splice(0, atOnce);
    const opened = await Promise.all(next.map(async ({ node, open }) => ({ node, children: (await open?.()) ?? [] })));
    for (const { node, children } of opened) {
      const kept = children.slice(0, mostChildren);
      node.children = [...kept.map((child) => child.node), ...together(children.slice(mostChildren))];
      count += node.children.length;
      frontier.push(...kept.filter(({ open }) => open !== undefined));
    }
  }
  for (const { node } of frontier) node.closed = true;
  return top.node;
}

function together(branches: readonly Branch[]): readonly MapNode[] {
  if (branches.length === 0) return [];
  const sum = (of: (node: MapNode) => number): number => branches.reduce((total, { node }) => total + of(node), 0);
  const name = `${branches.length.toLocaleString('en-US')} more`;
  return [{ name, kind: 'more', size: sum(({ size }) => size), files: sum(({ files = 1 }) => files) }];
}

function weight({ size }: MapNode): number {
  return Math.abs(size);
}

/** A page has no need of quotes around a name; what cannot be seen is written as git writes it. */
function label(path: TreePath, title: string): string {
  if (path === '') return title.slice(title.lastIndexOf('/') + 1) || title;
  const name = nameOf(path);
  const text = toText(name);
  return text !== undefined && !/\p{C}/u.test(text) ? text : toDisplay(name);
}

function headings(shadow: Shadow, path: TreePath, when: string): { readonly title: string; readonly subtitle: string } {
  return { title: path === '' ? shadow.realDirectory : `${shadow.realDirectory}/${toDisplay(path)}`, subtitle: when };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ') + ' UTC';
}
