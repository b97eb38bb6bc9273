import { listRegistered, sweepRegistrations as sweepUnfinished } from '../git/linked-worktree.js';
import { compact } from './compact.js';
import { unregisterContext } from './context-git.js';
import { settleKept } from './kept-objects.js';
import { MizerError } from '../model/errors.js';
import { retire, type Retirement } from './remove.js';
import type { WorkTree } from './work-tree.js';

/** How long a hidden context that was kept is waited for, milliseconds. */
const forgotten = 14 * 24 * 3600 * 1000;

export interface Collected {
  /** Names of contexts that went. */
  readonly contexts: readonly string[];
  /** Names of archives that were made on the way. */
  readonly archived: readonly string[];
  readonly snapshots: readonly string[];
  readonly freedBytes: number;
}

/**
 * Removes what is provably of no more use: contexts of runs that are over, snapshots that nothing stands on, leftovers of crashes; joins deep
 * stacks. Work that is saved nowhere else is archived first (`retire`). The caller holds the store's lock, and empties the trash afterwards.
 * @param isBusy whether a session is being opened in the context of this name
 * @param now milliseconds since 1970
 */
export async function collect(tree: WorkTree, isBusy: (name: string) => boolean, now: number): Promise<Collected> {
  const contexts: string[] = [];
  const archived: string[] = [];
  for (const record of (await tree.store.contexts()).records) {
    const { name } = record;
    const isOver = record.hidden && (record.keptAt === undefined || now - Date.parse(record.keptAt) > forgotten);
    if (!isOver || isBusy(name)) continue;
    const { outcome, archive } = await retire(tree, record).catch(keptIfHurt);
    if (archive !== undefined) archived.push(archive);
    if (outcome === 'archived' || outcome === 'dropped') contexts.push(name);
  }
  sweepRegistrations(tree);
  await compact(tree);
  const { snapshots, freedBytes } = await dropUnused(tree);
  return { contexts, archived, snapshots, freedBytes };
}

/** A context that cannot be looked into stays, and the others do not wait for it. */
function keptIfHurt(error: unknown): Retirement {
  if (error instanceof MizerError) return { outcome: 'kept' };
  throw error;
}

/** Registrations whose context is gone: the process died between the two. */
export function sweepRegistrations(tree: WorkTree): void {
  const repository = tree.repository;
  if (repository === undefined) return;
  sweepUnfinished(repository.commonDir);
  const own = tree.mounts.mountPoint({ storeId: tree.store.id, name: '' });
  for (const { name, mountPoint } of listRegistered(repository.commonDir)) {
    if (mountPoint?.startsWith(own) === true && !tree.store.hasContext(name)) unregisterContext(repository, name);
  }
}

async function dropUnused(tree: WorkTree): Promise<{ readonly snapshots: string[]; readonly freedBytes: number }> {
  const contexts = await tree.store.contexts();
  const { records: all, hurt } = await tree.store.snapshots();
  // What a record that cannot be read stands on is not known.
  if (hurt.length > 0 || contexts.hurt.length > 0) return { snapshots: [], freedBytes: 0 };
  const used = new Set<string>();
  const use = async (id: string | undefined): Promise<void> => {
    if (id !== undefined && !used.has(id)) for (const record of await tree.store.lineage(id)) used.add(record.id);
  };
  try {
    await use((await tree.host.newest())?.snapshot);
    for (const record of contexts.records) await use(record.base);
    for (const record of all) if (record.kept) await use(record.id);
  } catch (error) {
    // One of them stands on a snapshot that somebody took away.
    if (error instanceof MizerError) return { snapshots: [], freedBytes: 0 };
    throw error;
  }
  const unused = all.filter((record) => !used.has(record.id));
  for (const record of unused) await tree.store.dropSnapshot(record.id);
  await settleKept(tree, all);
  return {
    snapshots: unused.map((record) => record.id),
    freedBytes: unused.reduce((sum, record) => sum + record.bytes, 0),
  };
}
