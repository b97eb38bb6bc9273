import type { ChangeKind } from '../model/change-set.js';
import type { TreePath } from '../model/tree-path.js';
import { isDirectory } from './base-listing.js';
import type { BaseEntry, BaseListing } from './base-listing.js';
import { dirtyDirectories } from './dirty-directories.js';
import type { EpochState } from './epoch.js';
import { baseNode } from './ids.js';
import type { NodeId, Oid } from './ids.js';
import { need, whenLoaded } from './loading.js';
import { compareNames, toTreePath } from './names.js';
import type { ShownEntry } from './view.js';

/** One side of a change, as git would store it: what the base has by its id, what is new by its bytes. */
export type ChangeSide =
  | { readonly mode: number; readonly oid: Oid }
  | { readonly mode: number; readonly bytes: Uint8Array };

/** What became of one path since the base commit. A renamed file is one that was deleted and one that was added. Git knows no empty directories. */
export interface LiveChange {
  readonly path: TreePath;
  readonly kind: ChangeKind;
  readonly before: ChangeSide | undefined;
  readonly after: ChangeSide | undefined;
}

/** A path in both trees. */
interface Pair {
  /** As text. */
  readonly path: string;
  /** Of directories with a slash at the end, which is how their paths sort. */
  readonly key: string;
  readonly before: BaseEntry | undefined;
  readonly after: ShownEntry | undefined;
}

/**
 * What differs between the base and what is shown, ordered by path bytes. Directories are opened one by one as the reader comes to them, untouched ones that are where they were not
 * at all. While it is read the tree should rest: each directory is read as it is when it is come to.
 */
export async function* changesOf(state: EpochState): AsyncGenerator<LiveChange> {
  const dirty = dirtyDirectories(state);
  yield* compareDirectories(state, dirty, '', '', [state.view.places.root]);
}

async function* compareDirectories(
  state: EpochState,
  dirty: ReadonlySet<NodeId>,
  path: string,
  basePath: string | null,
  nodes: readonly NodeId[],
): AsyncGenerator<LiveChange> {
  for (const pair of await whenLoaded(() => pairsOf(state, path, basePath, nodes))) {
    if (!pair.key.endsWith('/')) {
      const change = await whenLoaded(() => compareFiles(state, pair));
      if (change !== undefined) yield change;
    } else if (!isUntouched(state, dirty, pair)) {
      const below = pair.before === undefined ? null : pair.path;
      yield* compareDirectories(state, dirty, pair.path, below, pair.after?.nodes ?? []);
    }
  }
}

function pairsOf(state: EpochState, path: string, basePath: string | null, nodes: readonly NodeId[]): Pair[] {
  const { view, base } = state;
  const before: BaseListing =
    basePath === null ? new Map() : (need(base.directory(basePath), () => base.load(basePath)) ?? new Map());
  const after = need(view.list(nodes), () => view.when(() => view.list(nodes)));
  const pairs = new Map<string, Pair>();
  const add = (name: string, isFolder: boolean, side: Partial<Pick<Pair, 'before' | 'after'>>): void => {
    const key = isFolder ? `${name}/` : name;
    const pair = pairs.get(key) ?? {
      path: path === '' ? name : `${path}/${name}`,
      key,
      before: undefined,
      after: undefined,
    };
    pairs.set(key, { ...pair, ...side });
  };
  for (const entry of before.values()) add(entry.name, isDirectory(entry), { before: entry });
  for (const entry of after) add(entry.name, entry.type === 'directory', { after: entry });
  return Array.from(pairs.values()).sort((a, b) => compareNames(a.key, b.key));
}

function isUntouched(state: EpochState, dirty: ReadonlySet<NodeId>, { path, before, after }: Pair): boolean {
  const node = baseNode(state.record.id, path);
  return before !== undefined && after?.nodes.length === 1 && after.nodes[0] === node && !dirty.has(node);
}

/** @throws Missing */
function compareFiles(state: EpochState, { path, before, after }: Pair): LiveChange | undefined {
  const left = before === undefined || before.oid === null ? undefined : { mode: before.mode, oid: before.oid };
  const right = after === undefined ? undefined : sideOf(state, after.nodes[0]);
  const kind = kindOf(state, left, right);
  return kind === undefined ? undefined : { path: toTreePath(path), kind, before: left, after: right };
}

function sideOf(state: EpochState, node: NodeId): ChangeSide {
  const mode = state.mode(node);
  const entry = state.baseEntry(node);
  if (entry !== null && entry.oid !== null && !state.isChanged(node)) return { mode, oid: entry.oid };
  return { mode, bytes: state.bytes(node) };
}

function kindOf(
  state: EpochState,
  before: { readonly mode: number; readonly oid: Oid } | undefined,
  after: ChangeSide | undefined,
): ChangeKind | undefined {
  if (before === undefined) return after === undefined ? undefined : 'added';
  if (after === undefined) return 'deleted';
  if (before.mode >> 12 !== after.mode >> 12) return 'retyped';
  if (!isSame(state, before.oid, after)) return 'modified';
  return before.mode === after.mode ? undefined : 'mode';
}

function isSame(state: EpochState, oid: Oid, side: ChangeSide): boolean {
  return 'oid' in side ? side.oid === oid : state.around.blobs.keep(side.bytes, oid.length) === oid;
}
