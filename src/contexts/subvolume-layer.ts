import { existsSync, lstatSync, mkdtempSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { isFresh, TICK_NS } from '../disk/look.js';
import { isTrueRoot } from '../disk/ownership.js';
import { emptyTrash } from '../disk/trash.js';
import { locate } from '../disk/tree-location.js';
import { walk } from '../disk/walk.js';
import { isPlaceholder, isSubvolume, snapshotSubvolume } from '../linux/btrfs.js';
import { setTimes } from '../linux/times.js';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import { manifestOf, type Manifest } from '../model/manifest.js';
import { parentOf, type TreePath } from '../model/tree-path.js';
import { lstatAt } from './tree-files.js';

/** Of the empty directory that a snapshot has where a subvolume was nested in its source. */
const placeholderInode = 2;

/**
 * Makes `tree` a btrfs snapshot of the work tree `source`, which takes neither time nor space whatever is in it.
 *
 * Only where `tree` comes to lie in the very subvolume: overlayfs shows the inode numbers of its layers as they are, and a subvolume never
 * gives one out twice. So whatever a context on this layer makes has another number than each file of the layer; with the context's
 * directories in another subvolume `cp` and `diff` would take different files for one.
 *
 * @param exclude paths that are left out with all below them
 * @returns what `lstat` said of the source at the moment of the snapshot; `undefined` where such a snapshot cannot be had or would not be
 * the layer that a copy would be. What then lies at `tree` is for the caller to discard.
 */
export async function snapshotInto(
  source: string,
  tree: string,
  exclude: readonly TreePath[],
): Promise<Manifest | undefined> {
  if (!isSubvolume(source) || lstatSync(source).dev !== lstatSync(join(tree, '..')).dev) return undefined;
  const takenAt = BigInt(Date.now()) * 1_000_000n;
  try {
    snapshotSubvolume(source, tree);
  } catch (error) {
    // Not the user's own, a swap file in it, no space: whatever it is, copying may do or says it better.
    if (error instanceof MizerError) return undefined;
    throw error;
  }
  // The snapshot has the inodes and times of its source, so a look at it is a look at the source as it was then.
  const { manifest, errors, foreign } = await walk(tree, { exclude });
  if (errors.length > 0 || (foreign && !isTrueRoot()) || hasNested(manifest)) return undefined;
  if (!(await removeExcluded(tree, exclude))) return undefined;
  const { dev } = lstatSync(source);
  return manifestOf(asOfSource(manifest, dev, takenAt));
}

/** Whether there is a layer for an overlay to mount. In a btrfs snapshot of a store, layers that are subvolumes are empty directories. */
export function isLayerThere(tree: string): boolean {
  return existsSync(tree) && !isPlaceholder(tree);
}

/** Subvolumes nested in the source are not in its snapshot. */
function hasNested(manifest: Manifest): boolean {
  for (let row = 0; row < manifest.length; row += 1) {
    if (manifest.inode(row) === placeholderInode && manifest.kind(row) === 'directory') return true;
  }
  return false;
}

/**
 * Nobody has looked at the source itself, so a change right after the snapshot may have left a ctime that was there before it, on any
 * kernel: what was that fresh is looked at again.
 */
function* asOfSource(manifest: Manifest, dev: number, takenAt: bigint): Generator<Entry, void, undefined> {
  for (const entry of manifest.entries()) {
    yield { ...entry, dev, ctimeNs: isFresh(entry.ctimeNs, TICK_NS, takenAt) ? 0n : entry.ctimeNs };
  }
}

/** @returns false where something could not be removed */
async function removeExcluded(tree: string, exclude: readonly TreePath[]): Promise<boolean> {
  const present = exclude.filter((path) => lstatAt(locate(tree, path)) !== undefined);
  const parents = new Map(
    present.map((path) => [parentOf(path), lstatSync(locate(tree, parentOf(path)), { bigint: true })]),
  );
  const root = lstatSync(tree, { bigint: true });
  try {
    const aside = mkdtempSync(join(tree, '.excluded-'));
    present.forEach((path, index) => renameSync(locate(tree, path), join(aside, String(index))));
    // In a worker: `.git` may hold many files.
    await emptyTrash(aside);
    rmdirSync(aside);
  } catch {
    return false;
  }
  for (const [parent, { atimeNs, mtimeNs }] of [...parents, ['', root] as const])
    setTimes(locate(tree, parent), atimeNs, mtimeNs);
  return true;
}
