import { join } from 'node:path';
import { forgetKept, keepObjects, listKept } from '../git/kept-objects.js';
import type { SnapshotRecord } from './records.js';
import type { WorkTree } from './work-tree.js';

/** Sees to it that `git gc` keeps what a snapshot that somebody asked for needs: its HEAD, and what is staged in its index. */
export async function keepForGit(tree: WorkTree, { id, of, head }: SnapshotRecord): Promise<void> {
  if (tree.repository === undefined) return;
  const index = of === undefined ? {} : { index: join(tree.store.layerDirectory(id), 'index') };
  const scratch = join(tree.store.directory, 'index', `kept-${id}`);
  await keepObjects({ cwd: tree.path }, id, { ...index, ...(head === undefined ? {} : { head }) }, scratch);
}

/** Makes the refs be those of the snapshots that are kept: one may lack where a process died, one may be left of a snapshot that went. */
export async function settleKept(tree: WorkTree, snapshots: readonly SnapshotRecord[]): Promise<void> {
  if (tree.repository === undefined) return;
  const place = { cwd: tree.path };
  const kept = new Set(await listKept(place));
  const wanted = new Map(snapshots.filter((record) => record.kept).map((record) => [record.id, record]));
  for (const id of kept) if (!wanted.has(id)) await forgetKept(place, id);
  for (const record of wanted.values()) if (!kept.has(record.id)) await keepForGit(tree, record);
}
