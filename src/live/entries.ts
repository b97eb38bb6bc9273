import type { EntryType } from './base-listing.js';
import type { EpochState } from './epoch.js';
import { basePathIn } from './ids.js';
import type { NodeId } from './ids.js';
import { need, whenLoaded } from './loading.js';
import type { ShownEntry } from './view.js';

/**
 * What became of an entry since the base commit: `new`: the base does not have it. `renamed`: it, or a directory above it, is elsewhere. `modified`: its content or mode
 * is another. `removed`: it is in the trash, or below what is. Of directories that merged the first counts.
 */
export type EntryStatus = 'unchanged' | 'new' | 'renamed' | 'modified' | 'renamed-and-modified' | 'removed';

/** An entry as it is now. */
export interface TreeEntry {
  /** Its identity within the epoch. */
  readonly entry: NodeId;
  /** Where it shows; `null` for removed ones. */
  readonly path: string | null;
  /** The real name may be another where two have one name. */
  readonly name: string;
  readonly type: EntryType;
  readonly executable: boolean;
  /** Where the base has it; `null` when it has not. */
  readonly basePath: string | null;
  readonly status: EntryStatus;
  /** Whether it shows in the tree. */
  readonly visible: boolean;
}

export interface EntryQuestion {
  /** The directory to look in; the root when it is not given. */
  readonly within?: string;
  /** How deep: 1 is the directory's own entries. No limit when it is not given. */
  readonly depth?: number;
  /** Also what was removed, after all others. */
  readonly removed?: boolean;
}

/** The entries of `directory`, depth first, each directory's in the order of the names' bytes and as it is when it is come to. */
export async function* walkEntries(
  epoch: () => EpochState,
  directory: { readonly nodes: readonly NodeId[]; readonly path: string | null },
  depth: number,
): AsyncGenerator<TreeEntry> {
  if (depth < 1) return;
  const found = await whenLoaded(() => {
    const state = epoch();
    const { view } = state;
    const list = need(view.list(directory.nodes), () => view.when(() => view.list(directory.nodes)));
    return list.map((shown) => ({ shown, entry: describe(state, shown, directory.path) }));
  });
  for (const { shown, entry } of found) {
    yield entry;
    if (shown.type !== 'directory') continue;
    yield* walkEntries(epoch, { nodes: shown.nodes, path: entry.path }, depth - 1);
  }
}

/** What lies in the trash, and below it. */
export async function* walkRemoved(epoch: () => EpochState): AsyncGenerator<TreeEntry> {
  for (const node of Array.from(epoch().view.places.removed()).toSorted()) {
    const entry = await whenLoaded(() => {
      const state = epoch();
      const type = state.typeOf(node);
      const name = state.view.places.place(node)?.name ?? '';
      if (type === null) return undefined;
      return describe(state, { name, type, nodes: [node], base: undefined }, null);
    });
    if (entry === undefined) continue;
    yield entry;
    if (entry.type === 'directory') yield* walkEntries(epoch, { nodes: [node], path: null }, Number.POSITIVE_INFINITY);
  }
}

/** @throws Missing */
export function describe(state: EpochState, { name, type, nodes }: ShownEntry, directory: string | null): TreeEntry {
  const [entry] = nodes;
  const path = directory === null ? null : directory === '' ? name : `${directory}/${name}`;
  const basePath = basePathIn(state.record.id, entry) ?? null;
  return {
    entry,
    path,
    name,
    type,
    executable: type === 'file' && state.isExecutable(entry),
    basePath,
    status: statusOf(state, entry, type, path, basePath),
    visible: path !== null,
  };
}

function statusOf(
  state: EpochState,
  node: NodeId,
  type: EntryType,
  path: string | null,
  basePath: string | null,
): EntryStatus {
  if (path === null) return 'removed';
  if (basePath === null) return 'new';
  const isModified =
    type !== 'directory' &&
    type !== 'submodule' &&
    (state.isChanged(node) || state.mode(node) !== state.baseEntry(node)?.mode);
  if (path === basePath) return isModified ? 'modified' : 'unchanged';
  return isModified ? 'renamed-and-modified' : 'renamed';
}
