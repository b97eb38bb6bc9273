import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree } from '../disk/copy.js';
import { parseIndex, withoutCaches } from '../git/index-file.js';
import { linkOrCopy } from '../git/link-or-copy.js';
import { adminDirectory } from '../git/linked-worktree.js';
import { MizerError } from '../model/errors.js';
import { headOf, indexOf, writeGitFile } from './context-git.js';
import { keepForGit } from './kept-objects.js';
import { openContext } from './open.js';
import type { ContextRecord, SnapshotRecord } from './records.js';
import { refuseInhabited } from './remove.js';
import { keyOf, upperOf, type WorkTree } from './work-tree.js';

/**
 * An immutable copy of what a context changed, upon the snapshot the context stands on, with its index. The caller holds the store's lock.
 * @throws MizerError `E_SNAPSHOT_LIVE`
 */
export async function snapshotContext(tree: WorkTree, record: ContextRecord): Promise<SnapshotRecord> {
  const below = record.base;
  if (below === undefined) {
    throw new MizerError(
      'E_SNAPSHOT_LIVE',
      `Context '${record.name}' is live: what is below it changes, so it cannot be snapshotted.`,
      {
        hint: 'Take a snapshot of the host view with `mzr snapshot`.',
      },
    );
  }
  const head = tree.repository === undefined ? {} : await headOf(tree.repository, record.name);
  const snapshot = await tree.store.addLayer(async (directory) => {
    const { copy, unstable, errors } = await copyTree({
      from: upperOf(record),
      to: join(directory, 'tree'),
      exclude: ['.git'],
    });
    if (tree.repository !== undefined) {
      const index = indexOf(tree.repository, record.name);
      if (existsSync(index)) linkOrCopy(index, join(directory, 'index'));
    }
    let bytes = 0;
    for (const entry of copy.entries()) bytes += entry.kind === 'file' ? entry.size : 0;
    return {
      of: record.name,
      below,
      entries: copy.length,
      bytes,
      promoted: false,
      kept: true,
      unstable,
      unreadable: errors.map((error) => error.path),
      ...(head.oid === undefined ? {} : { head: head.oid }),
      ...(head.branch === undefined ? {} : { branch: head.branch }),
    };
  });
  await keepForGit(tree, snapshot);
  return snapshot;
}

/**
 * A context goes back to one of its snapshots, files and index; HEAD stays where it is. What it was is snapshotted first and answered.
 * The new upper directory is made whole beside the old one before the two change places. The caller holds the store's lock.
 * @throws MizerError `E_CONTEXT_IN_USE`, `E_SNAPSHOT_FOREIGN`, `E_SNAPSHOT_UNKNOWN`
 */
export async function rewind(tree: WorkTree, record: ContextRecord, id: string): Promise<SnapshotRecord> {
  const target = await tree.store.snapshot(id);
  if (target.of !== record.name || target.below !== record.base) {
    throw new MizerError('E_SNAPSHOT_FOREIGN', `Snapshot ${target.id} is not one of context '${record.name}'.`, {
      group: 'usage',
      hint: `\`mzr show ${record.name}\` lists its snapshots; fork another's with \`mzr shell NEW --from ${target.id}\`.`,
    });
  }
  await refuseInhabited(tree, record.name, 'rewound');
  const before = await snapshotContext(tree, record);
  await tree.mounts.unmount(keyOf(tree, record.name));
  const fresh = `${upperOf(record)}.new`;
  if (existsSync(fresh)) await tree.store.discard(fresh);
  await copyTree({ from: tree.store.layerTree(target.id), to: fresh, exclude: ['.git'] });
  await tree.store.discard(upperOf(record));
  renameSync(fresh, upperOf(record));
  const repository = tree.repository;
  if (repository !== undefined) {
    writeGitFile(tree, record);
    const kept = join(tree.store.layerDirectory(target.id), 'index');
    const index = join(adminDirectory(repository.commonDir, record.name), 'index');
    if (existsSync(kept)) {
      // The files are copies, and changed behind git: what the index caches of them is not so any more.
      const bytes = withoutCaches(parseIndex(readFileSync(kept), repository.objectFormat));
      writeFileSync(`${index}.new`, bytes);
      renameSync(`${index}.new`, index);
    }
  }
  await openContext(tree, record);
  return before;
}
