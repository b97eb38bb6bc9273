import type { ManifestDifference } from '../model/compare.js';
import type { Entry } from '../model/entry.js';
import { patch, type Manifest } from '../model/manifest.js';
import type { TreePath } from '../model/tree-path.js';
import type { Touched } from './watch.js';
import { liesIn, lookSync, walkSync, type PathError } from './walk.js';

export interface RefreshResult extends ManifestDifference {
  /** The tree as it is now. */
  readonly manifest: Manifest;
  readonly errors: readonly PathError[];
}

/**
 * Brings a manifest up to date by what a watcher says was touched. The cost follows what was touched. Files with several names are
 * looked at always: a write through a name outside the tree touches none inside.
 * @param root an absolute path, as text
 * @param exclude what the manifest leaves out
 */
export function refresh(
  root: string,
  manifest: Manifest,
  touched: Touched,
  exclude: readonly TreePath[],
): RefreshResult {
  const subtrees = new Set(touched.subtrees);
  const single = [...touched.paths, ...linkedPaths(manifest)].filter((path) => !liesIn(path, subtrees));
  const self = lookSync(root, single, exclude);
  const below = walkSync(root, { exclude, within: touched.subtrees });
  const errors = [...self.errors, ...below.errors];
  // What cannot be looked at keeps its last record.
  const unknown = new Set(errors.map(({ path }) => path));
  const remove = [
    ...touched.subtrees,
    ...single.filter((path) => self.manifest.find(path) < 0 && !liesIn(path, unknown)),
  ];
  const put = [...self.manifest.entries(), ...below.manifest.entries()];
  const after = patch(manifest, { put, remove });
  const uprooted = put.filter(({ kind }) => kind !== 'directory').map(({ path }) => path);
  return {
    manifest: after,
    errors,
    changed: changedRows(manifest, self.manifest, below.manifest),
    removed: removedPaths(manifest, after, [...remove, ...uprooted]),
  };
}

/** Entries of `parts` that `before` does not have just so. */
function changedRows(before: Manifest, ...parts: readonly Manifest[]): Entry[] {
  const changed: Entry[] = [];
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 1) {
      const row = before.find(part.path(index));
      if (row < 0 || !before.sameState(row, part, index)) changed.push(part.entry(index));
    }
  }
  return changed.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Paths at and below `places` that are in `before` and no more in `after`. */
function removedPaths(before: Manifest, after: Manifest, places: readonly TreePath[]): TreePath[] {
  const removed = new Set<TreePath>();
  const consider = (row: number): void => {
    const path = before.path(row);
    if (after.find(path) < 0) removed.add(path);
  };
  for (const place of places) {
    const row = before.find(place);
    if (row >= 0) consider(row);
    const { start, end } = before.below(place);
    for (let below = start; below < end; below += 1) consider(below);
  }
  return [...removed].sort();
}

function linkedPaths(manifest: Manifest): TreePath[] {
  const paths: TreePath[] = [];
  for (let index = 0; index < manifest.length; index += 1) {
    if (manifest.nlink(index) > 1 && manifest.kind(index) !== 'directory') paths.push(manifest.path(index));
  }
  return paths;
}
