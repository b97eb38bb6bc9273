import type { Change, ChangeSet } from '../model/change-set.js';
import { isWithin, parentOf, type TreePath } from '../model/tree-path.js';
import { readThrough, type UpperChange } from './upper-changes.js';

/** Which of a context's changes are meant. */
export interface Selection {
  /** Only what is one of these or lies below one; empty: everything. */
  readonly paths: readonly TreePath[];
  /**
   * Says which of these changes, all at once, are to paths that git ignores; without it none is. A path that is a directory on either
   * side is ignored as one (`git check-ignore` wants it with a slash at its end).
   */
  readonly ignored?: (changes: ChangeSet) => Promise<ReadonlySet<TreePath>>;
}

/**
 * Of `unreadChanges` those that are meant, which alone are read, and those that make the directories in which they lie. As git has no
 * directories of its own, one that was added with nothing but ignored files in it is left out, and so is the deletion of one that had
 * ignored files.
 */
export async function selectChanges(all: readonly UpperChange[], selection: Selection): Promise<UpperChange[]> {
  const { paths } = selection;
  const within = all.filter(
    ({ change }) => paths.length === 0 || paths.some((directory) => isWithin(change.path, directory)),
  );
  const ignored = (await selection.ignored?.(within.map(({ change }) => change))) ?? new Set<TreePath>();
  const kept = within.filter(({ change }) => !ignored.has(change.path)).map(({ change }) => change);
  const holdsIgnored = parentsOf(ignored);
  const holdsKept = parentsOf(
    kept.filter(({ after }) => after !== undefined && after.kind !== 'directory').map(pathOf),
  );
  const chosen = kept.filter((change) => {
    if (!holdsIgnored.has(change.path)) return true;
    if (change.kind === 'added') return holdsKept.has(change.path);
    return change.kind !== 'deleted';
  });
  const wanted = new Set(chosen.map(pathOf));
  const parents = parentsOf(chosen.filter(({ after }) => after !== undefined).map(pathOf));
  const meant = all.filter(({ change: { path, after, kind } }) => {
    const makesParent = after?.kind === 'directory' && (kind === 'added' || kind === 'retyped') && parents.has(path);
    return wanted.has(path) || makesParent;
  });
  return readThrough(meant);
}

function pathOf({ path }: Change): TreePath {
  return path;
}

/** Every directory above one of `paths`, the root excepted. */
export function parentsOf(paths: Iterable<TreePath>): Set<TreePath> {
  const parents = new Set<TreePath>();
  for (const path of paths) {
    for (let at = parentOf(path); at !== '' && !parents.has(at); at = parentOf(at)) parents.add(at);
  }
  return parents;
}
