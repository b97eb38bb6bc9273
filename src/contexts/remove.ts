import { archive } from '../git/archive.js';
import { adminDirectory } from '../git/linked-worktree.js';
import { MizerError } from '../model/errors.js';
import { submodulePlaces, unregisterSubmodulesOf } from './context-submodules.js';
import { unregisterContext } from './context-git.js';
import { openContext } from './open.js';
import type { ContextRecord } from './records.js';
import { unsavedWork } from './unsaved.js';
import { discardContext, keyOf, repositoryOf, type WorkTree } from './work-tree.js';

/** What became of a context whose time is over. */
export interface Retirement {
  readonly outcome: 'dropped' | 'archived' | 'kept' | 'busy';
  /** The archive's name. */
  readonly archive?: string;
}

/**
 * Ends a context that nobody asked to keep: dropped when nothing would be lost, else archived first; kept in a plain directory, where
 * nothing can be archived, and while somebody is in it. The caller holds the store's lock.
 */
export async function retire(tree: WorkTree, record: ContextRecord): Promise<Retirement> {
  const inhabitants = await tree.mounts.inhabitants(tree.store.id);
  if ((inhabitants.get(record.name)?.length ?? 0) > 0) return { outcome: 'busy' };
  const unsaved = await unsavedWork(tree, record);
  const isEmpty = unsaved.files === 0 && !unsaved.commits;
  if (!isEmpty && tree.repository === undefined) return { outcome: 'kept' };
  let saved: string | undefined;
  try {
    if (!isEmpty) saved = await archiveContext(tree, record);
  } catch (error) {
    // A repository inside, whose history no commit can hold.
    if (error instanceof MizerError && error.code === 'E_ARCHIVE_NESTED') return { outcome: 'kept' };
    throw error;
  }
  await removeContext(tree, record);
  return saved === undefined ? { outcome: 'dropped' } : { outcome: 'archived', archive: saved };
}

/**
 * Whether a context in which nobody is may be dropped by name.
 * @returns whether it holds nothing that would be lost
 * @throws MizerError without `force` `E_CONTEXT_DIRTY`
 */
export async function permitDrop(tree: WorkTree, record: ContextRecord, force: boolean): Promise<boolean> {
  const unsaved = await unsavedWork(tree, record);
  const isEmpty = unsaved.files === 0 && !unsaved.commits;
  if (isEmpty || force) return isEmpty;
  const what =
    unsaved.files > 0 ? `${unsaved.files} uncommitted change${unsaved.files === 1 ? '' : 's'}` : 'commits on no branch';
  throw new MizerError('E_CONTEXT_DIRTY', `Context '${record.name}' has ${what}.`, {
    hint: `See them with \`mzr diff ${record.name}\`, bring them back with \`mzr apply ${record.name}\`, or drop it with --force.`,
    data: { context: record.name, ...unsaved },
  });
}

/**
 * Drops a context that may be dropped. Unless it is empty, what would be lost is archived first, where there is git.
 * @returns the archive's name, where there was something to archive
 */
export async function drop(tree: WorkTree, record: ContextRecord, isEmpty: boolean): Promise<string | undefined> {
  const saved = isEmpty || tree.repository === undefined ? undefined : await archiveContext(tree, record);
  await removeContext(tree, record);
  return saved;
}

/** Takes away a context whose record or base cannot be read any more: what it changed with it. @throws MizerError `E_CONTEXT_IN_USE` */
export async function dropHurt(tree: WorkTree, name: string): Promise<void> {
  await refuseInhabited(tree, name, 'dropped');
  await tree.mounts.unmount(keyOf(tree, name));
  await tree.store.discard(tree.store.contextDirectory(name));
  if (tree.repository !== undefined) unregisterContext(tree.repository, name);
}

/** @throws MizerError `E_CONTEXT_IN_USE` */
export async function refuseInhabited(tree: WorkTree, name: string, what: string): Promise<void> {
  const [first, ...others] = (await tree.mounts.inhabitants(tree.store.id)).get(name) ?? [];
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new MizerError(
    'E_CONTEXT_IN_USE',
    `Context '${name}' is in use by ${first.command} (${first.pid})${more}, so it cannot be ${what}.`,
    {
      hint: `End them with \`mzr stop ${name}\`, or leave it with \`mzr switch\`.`,
      data: { context: name, pids: [first, ...others].map((one) => one.pid) },
    },
  );
}

/** @returns the archive's name */
async function archiveContext(tree: WorkTree, record: ContextRecord): Promise<string | undefined> {
  const { commonDir } = repositoryOf(tree, 'an archive');
  const admin = adminDirectory(commonDir, record.name);
  const mountPoint = await openContext(tree, record);
  for (const place of submodulePlaces(record, mountPoint)) await archive({ ...place, name: record.name });
  return (await archive({ cwd: mountPoint, admin, name: record.name }))?.name;
}

/** Takes everything of a context away. Its record goes first: a crash afterwards leaves only what the next start sweeps. */
async function removeContext(tree: WorkTree, record: ContextRecord): Promise<void> {
  await tree.mounts.unmount(keyOf(tree, record.name));
  await discardContext(tree, record);
  unregisterSubmodulesOf(record);
  if (tree.repository !== undefined) unregisterContext(tree.repository, record.name);
}
