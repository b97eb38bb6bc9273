import { ignoredAmong } from '../git/ignored.js';
import { isReachable } from '../git/archive.js';
import { workTreeStatus } from '../git/status.js';
import type { TreePath } from '../model/tree-path.js';
import { headOf } from './context-git.js';
import { openContext } from './open.js';
import type { ContextRecord } from './records.js';
import { upperChanges, type UpperChange } from './upper-changes.js';
import { layersOf, upperOf, type WorkTree } from './work-tree.js';

/** What would be lost with a context: work that is in no commit, and commits that nothing else reaches. */
export interface Unsaved {
  /** Changed and new files that git does not ignore; in a plain directory all changes. */
  readonly files: number;
  /** HEAD is detached at a commit that no ref reaches. */
  readonly commits: boolean;
}

/** What a context changed, as a person thinks of it: without what git ignores, unless `ignored` asks for that too. */
export async function changesOf(tree: WorkTree, record: ContextRecord, ignored: boolean): Promise<UpperChange[]> {
  const changes = upperChanges(await layersOf(tree, record), upperOf(record));
  if (ignored || tree.repository === undefined || changes.length === 0) return changes;
  const skip = await ignoredPaths(tree, record, changes);
  return changes.filter(({ change }) => !skip.has(change.path));
}

/** The paths among `changes` that git ignores in this context; what is tracked never is. */
export async function ignoredPaths(
  tree: WorkTree,
  record: ContextRecord,
  changes: readonly UpperChange[],
): Promise<ReadonlySet<TreePath>> {
  if (tree.repository === undefined || changes.length === 0) return new Set();
  const links = changes.filter(({ change }) => change.after?.kind === 'symlink').map(({ change }) => `${change.path}/`);
  const candidates = changes
    // What was in a directory that is a link now is beyond git's questions, and no product of a build.
    .filter(({ change }) => !links.some((link) => change.path.startsWith(link)))
    .map(({ change }) => ({ path: change.path, isDirectory: (change.after ?? change.before)?.kind === 'directory' }));
  return ignoredAmong(await openContext(tree, record), candidates);
}

/** Costs what the context changed; git is asked only when there is something. */
export async function unsavedWork(tree: WorkTree, record: ContextRecord): Promise<Unsaved> {
  const changes = await changesOf(tree, record, false);
  const visible = changes.filter(({ change }) => change.after?.kind !== 'directory' || change.kind !== 'added');
  if (tree.repository === undefined) return { files: visible.length, commits: false };
  const head = await headOf(tree.repository, record.name);
  const moved = head.oid !== record.head;
  const commits = moved && head.branch === undefined && head.oid !== undefined && !(await isReachable(tree.repository, head.oid));
  if (visible.length === 0) return { files: 0, commits };
  const status = await workTreeStatus(await openContext(tree, record));
  return { files: status.tracked + status.untracked, commits };
}
