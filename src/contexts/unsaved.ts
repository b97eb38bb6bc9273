import type { BigIntStats } from 'node:fs';
import { locate } from '../disk/tree-location.js';
import { ignoredAmong } from '../git/ignored.js';
import type { Repository } from '../git/repository.js';
import { changesAgainstHead, isReachable, stagedEntries } from '../git/status.js';
import type { ChangeSet } from '../model/change-set.js';
import { isWithin, type TreePath } from '../model/tree-path.js';
import { headOf } from './context-git.js';
import { openContext } from './open.js';
import { isReadyIndex } from './ready-index.js';
import type { ContextRecord } from './records.js';
import { selectChanges } from './selection.js';
import { located, lstatAt, sameContent } from './tree-files.js';
import { unreadChanges, type UpperChange } from './upper-changes.js';
import { layersOf, upperOf, type WorkTree } from './work-tree.js';

/** What would be lost with a context: work that is in no commit, and commits that nothing else reaches. */
export interface Unsaved {
  /** Changed and new files that git does not ignore; in a plain directory all changes. */
  readonly files: number;
  /** HEAD is detached at a commit that no ref reaches. */
  readonly commits: boolean;
}

/**
 * Which of a context's changes are to be passed over, the filter for `selectChanges`: what git ignores, and mount points. What is tracked is
 * never ignored.
 */
export function ignoredIn(
  tree: WorkTree,
  record: ContextRecord,
): (changes: ChangeSet) => Promise<ReadonlySet<TreePath>> {
  return async (changes) => {
    if (changes.length === 0) return new Set();
    // Where something is mounted in the work tree a context has an empty directory to mount it on: that is no change of anybody's.
    const places = new Set(tree.host.mountsInside());
    const mounts = changes.map(({ path }) => path).filter((path) => places.has(path));
    if (tree.repository === undefined) return new Set(mounts);
    const links = changes.filter(({ after }) => after?.kind === 'symlink').map(({ path }) => `${path}/`);
    const candidates = changes
      // What was in a directory that is a link now is beyond git's questions, and no product of a build.
      .filter(({ path }) => !links.some((link) => path.startsWith(link)))
      // A submodule's files are its own repository's to judge: none of them is ignored here.
      .filter(({ path }) => !record.submodules.some((submodule) => isWithin(path, submodule.path)))
      .map(({ path, before, after }) => ({ path, isDirectory: (after ?? before)?.kind === 'directory' }));
    return new Set([...mounts, ...(await ignoredAmong(await openContext(tree, record), candidates))]);
  };
}

/** Costs what the context changed; git is asked only when there is something. */
export async function unsavedWork(tree: WorkTree, record: ContextRecord): Promise<Unsaved> {
  const all = unreadChanges(await layersOf(tree, record), upperOf(record));
  const changes = await selectChanges(all, { paths: [], ignored: ignoredIn(tree, record) });
  const visible = changes.filter(
    (one) => (one.change.after?.kind !== 'directory' || one.change.kind !== 'added') && !isApplied(tree, one),
  );
  if (tree.repository === undefined) return { files: visible.length, commits: false };
  const head = await headOf(tree.repository, record.name);
  const moved = head.oid !== record.head;
  const commits =
    moved && head.branch === undefined && head.oid !== undefined && !(await isReachable({ cwd: tree.path }, head.oid));
  if (visible.length === 0 && !(await hasStaged(tree, tree.repository, record))) return { files: 0, commits };
  const status = await changesAgainstHead({ cwd: await openContext(tree, record) });
  return { files: status.tracked + status.untracked + status.unmerged + status.nested.length, commits };
}

/** Whether the host view has at a path just what the context has there: then nothing is lost with the context. */
function isApplied(tree: WorkTree, { change, after }: UpperChange): boolean {
  const at = locate(tree.path, change.path);
  let stats: BigIntStats | undefined;
  try {
    stats = lstatAt(at);
  } catch {
    // A parent is no directory there.
  }
  if (stats === undefined || after === undefined) return stats === after;
  const { kind, mode } = located(tree.path, change.path, stats).entry;
  const isLike = kind === after.entry.kind && (kind === 'symlink' || mode === after.entry.mode);
  return isLike && sameContent(located(tree.path, change.path, stats), after);
}

/** Whether the index holds what neither HEAD, nor a file, nor the host view's index does. */
async function hasStaged(tree: WorkTree, repository: Repository, record: ContextRecord): Promise<boolean> {
  if (await isReadyIndex(tree, repository, record)) return false;
  const { hidden } = await stagedEntries({ cwd: await openContext(tree, record) });
  if (hidden.size === 0) return false;
  const { all } = await stagedEntries({ cwd: tree.path });
  return [...hidden].some((entry) => !all.has(entry));
}
