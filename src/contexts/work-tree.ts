import { join } from 'node:path';
import { discard } from '../disk/trash.js';
import type { Repository } from '../git/repository.js';
import { MizerError } from '../model/errors.js';
import type { HostSnapshots, Touched } from './host-snapshots.js';
import type { ContextKey, Mounts } from './mounts.js';
import type { ContextRecord } from './records.js';
import type { Store } from './store.js';

/** A work tree with all that its contexts need. The capability's functions take it first. */
export interface WorkTree {
  readonly path: string;
  /** Absent in a plain directory. */
  readonly repository: Repository | undefined;
  readonly store: Store;
  readonly host: HostSnapshots;
  readonly mounts: Mounts;
  /** Where the upper directories of live contexts are: outside of every work tree. */
  readonly liveDirectory: string;
  /** What may have changed in the host view since it was last asked; `undefined` when only a walk can tell. */
  readonly touched: () => Promise<Touched | undefined>;
  /** Runs one piece of work at a time on this store. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Yields [0, 1). */
  readonly random: () => number;
}

/** A repository's work tree, or the refusal to do what needs one. @throws MizerError `E_NEEDS_GIT` */
export function repositoryOf(tree: WorkTree, what: string): Repository {
  if (tree.repository !== undefined) return tree.repository;
  throw new MizerError('E_NEEDS_GIT', `${tree.path} is no git repository, so ${what} is not possible there.`, {
    hint: 'Leave the option out, or run `git init` there.',
    group: 'usage',
  });
}

export function keyOf(tree: WorkTree, name: string): ContextKey {
  return { storeId: tree.store.id, name };
}

/** The upper directory of a context: all that it changed. */
export function upperOf(record: ContextRecord): string {
  return `${record.directory}/upper`;
}

/** Moves a context's directories into the trash. Its record goes first: without it the rest is a leftover. */
export async function discardContext(tree: WorkTree, record: ContextRecord): Promise<void> {
  await tree.store.discard(tree.store.contextDirectory(record.name));
  if (!record.live) return;
  await discard(record.directory, { store: tree.liveDirectory, trash: join(tree.liveDirectory, 'trash') });
}

/** The layers a context stands on, topmost first: those of its snapshot, or the host view itself. */
export async function layersOf(tree: WorkTree, record: ContextRecord): Promise<readonly string[]> {
  return record.base === undefined ? [tree.path] : tree.store.layers(record.base);
}
