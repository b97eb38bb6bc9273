import { compareManifests } from '../model/compare.js';
import type { Manifest } from '../model/manifest.js';
import { parentOf, type TreePath } from '../model/tree-path.js';

/** What is still to be done until a copy equals its source. Each list is ordered by path bytes. */
export interface CopyDefects {
  /** To be copied again, or removed where they are in the source no more. */
  readonly again: readonly TreePath[];
  /** Directories that are there and need their mode and times. */
  readonly directories: readonly TreePath[];
}

/**
 * Compares a copy with its source, which was looked at before and after it was copied: what is in the copy is proved by being equal in
 * kind, mode, size, mtime and hard links to a source that did not change meanwhile.
 */
export function findDefects(before: Manifest, after: Manifest, copy: Manifest): CopyDefects {
  const again = new Set<TreePath>();
  const directories = new Set<TreePath>();
  const { changed, removed } = compareManifests(before, after);
  for (const path of removed) again.add(path);
  for (const entry of changed) (entry.kind === 'directory' ? directories : again).add(entry.path);
  let row = 0;
  for (let index = 0; index < after.length; index += 1) {
    while (row < copy.length && copy.comparePaths(row, after, index) < 0) {
      again.add(copy.path(row));
      row += 1;
    }
    const present = row < copy.length && copy.comparePaths(row, after, index) === 0;
    const same = present && copy.sameShape(row, after, index);
    if (present) row += 1;
    if (same) continue;
    const isDirectory = present && copy.kind(row - 1) === 'directory' && after.kind(index) === 'directory';
    (isDirectory ? directories : again).add(after.path(index));
  }
  for (; row < copy.length; row += 1) again.add(copy.path(row));
  addBrokenLinks(after, copy, again);
  for (const path of again) if (parentOf(path) !== '') directories.add(parentOf(path));
  return { again: [...again].sort(), directories: [...directories].sort() };
}

/** All names of a file with several, where these are several files in the copy, or one of them is to be copied again. */
function addBrokenLinks(source: Manifest, copy: Manifest, again: Set<TreePath>): void {
  for (const paths of linkGroups(source).values()) {
    const inodes = new Set(paths.map((path) => copy.get(path)?.ino));
    if (inodes.size > 1 || paths.some((path) => again.has(path))) for (const path of paths) again.add(path);
  }
}

/** The names of each file that has more than one inside the tree. */
export function linkGroups(tree: Manifest): Map<string, TreePath[]> {
  const groups = new Map<string, TreePath[]>();
  for (let index = 0; index < tree.length; index += 1) {
    if (tree.nlink(index) < 2 || tree.kind(index) === 'directory') continue;
    const { path, dev, ino } = tree.entry(index);
    const paths = groups.get(`${dev}:${ino}`);
    if (paths === undefined) groups.set(`${dev}:${ino}`, [path]);
    else paths.push(path);
  }
  for (const [key, paths] of groups) if (paths.length < 2) groups.delete(key);
  return groups;
}
