import type { Entry } from './entry.js';
import type { Manifest } from './manifest.js';
import type { TreePath } from './tree-path.js';

/** What differs between two manifests of one tree. Both lists are ordered by path bytes. */
export interface ManifestDifference {
  /** Entries of the later one that are new, or of another kind, mode, size, mtime, ctime or inode. */
  readonly changed: readonly Entry[];
  /** Every path that is in the earlier one only, what lies below removed directories included. */
  readonly removed: readonly TreePath[];
}

/**
 * What became of a tree. Where a file became a directory or the reverse, its path is among `changed` and what was below it among
 * `removed`. Equal rows mean equal content only as far as file times tell; see `walk` about fresh changes.
 */
export function compareManifests(before: Manifest, after: Manifest): ManifestDifference {
  const changed: Entry[] = [];
  const removed: TreePath[] = [];
  let left = 0;
  let right = 0;
  while (left < before.length || right < after.length) {
    const order = left === before.length ? 1 : right === after.length ? -1 : before.comparePaths(left, after, right);
    if (order > 0 || (order === 0 && !before.sameState(left, after, right))) changed.push(after.entry(right));
    if (order < 0) removed.push(before.path(left));
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
  }
  return { changed, removed };
}
