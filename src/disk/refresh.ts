import type { ManifestDifference } from '../model/compare.js';
import type { Entry } from '../model/entry.js';
import { patch, type Manifest } from '../model/manifest.js';
import type { TreePath } from '../model/tree-path.js';
import type { Touched } from './watch.js';
import { liesIn, lookSync, walkSync, type PathError } from './walk.js';

export interface RefreshResult extends ManifestDifference {
  /** The tree as it is now. */
  readonly manifest: Manifest;
  /** What could not be looked at keeps its last record. After an error, walk the next time: when it can be looked at again nothing tells. */
  readonly errors: readonly PathError[];
}

/**
 * Brings a manifest up to date by what a watcher says was touched. The cost follows what was touched. Files with several names are
 * looked at always: a write through a name outside the tree touches none inside. What no watch can tell: a second name that came, was
 * written through, and went again since the last question; or one made outside for a file that had none. A walk finds these.
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
  const linked = lookSync(root, namesOf(manifest, linkedInodes(self.manifest, below.manifest)), exclude);
  const errors = [...self.errors, ...below.errors, ...linked.errors];
  // What cannot be looked at keeps its last record.
  const unknown = new Set(errors.map(({ path }) => path));
  const remove = [
    ...touched.subtrees,
    ...single.filter((path) => self.manifest.find(path) < 0 && !liesIn(path, unknown)),
  ];
  const parts = [linked.manifest, self.manifest, below.manifest];
  const put = parts.flatMap((part) => [...part.entries()]);
  const after = patch(manifest, { put, remove });
  const uprooted = put.filter(({ kind }) => kind !== 'directory').map(({ path }) => path);
  return {
    manifest: after,
    errors,
    changed: changedRows(manifest, after, put),
    removed: removedPaths(manifest, after, [...remove, ...uprooted]),
  };
}

/** Entries put into `after` that `before` does not have just so, each once. */
function changedRows(before: Manifest, after: Manifest, put: readonly Entry[]): Entry[] {
  const rows = new Set(put.map(({ path }) => after.find(path)));
  const changed = [...rows].filter((row) => {
    const earlier = before.find(after.path(row));
    return earlier < 0 || !before.sameState(earlier, after, row);
  });
  return changed.sort((left, right) => left - right).map((row) => after.entry(row));
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

const hasSeveralNames = (manifest: Manifest, row: number): boolean =>
  manifest.nlink(row) > 1 && manifest.kind(row) !== 'directory';

/** Inodes of files with several names. A name that was added is told, the one it was added to is not. */
function linkedInodes(...parts: readonly Manifest[]): Set<number> {
  const inodes = new Set<number>();
  for (const part of parts) {
    for (let row = 0; row < part.length; row += 1) if (hasSeveralNames(part, row)) inodes.add(part.inode(row));
  }
  return inodes;
}

/** Names that had one of these inodes for themselves alone. */
function namesOf(manifest: Manifest, inodes: ReadonlySet<number>): TreePath[] {
  const paths: TreePath[] = [];
  if (inodes.size === 0) return paths;
  for (let row = 0; row < manifest.length; row += 1) {
    if (manifest.nlink(row) === 1 && inodes.has(manifest.inode(row))) paths.push(manifest.path(row));
  }
  return paths;
}

function linkedPaths(manifest: Manifest): TreePath[] {
  const paths: TreePath[] = [];
  for (let index = 0; index < manifest.length; index += 1) {
    if (hasSeveralNames(manifest, index)) paths.push(manifest.path(index));
  }
  return paths;
}
