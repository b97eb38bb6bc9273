import { listRegistered } from '../git/linked-worktree.js';
import { resolve, type Repository } from '../git/repository.js';
import { gitText } from '../git/run.js';
import { headOf } from './context-git.js';
import { makeContext, type Made, type MakeRequest } from './make.js';
import { nameForBranch } from './names.js';
import type { ContextRecord } from './records.js';
import { repositoryOf, type WorkTree } from './work-tree.js';

/** The context that has a branch checked out, if there is one. */
export async function contextOfBranch(tree: WorkTree, branch: string): Promise<ContextRecord | undefined> {
  const repository = repositoryOf(tree, 'a branch');
  for (const { name } of listRegistered(repository.commonDir)) {
    if (!tree.store.hasContext(name)) continue;
    const head = await headOf(repository, name);
    if (head.branch === branch) return tree.store.context(name);
  }
  return undefined;
}

/**
 * The context that belongs to a branch: made on first use, from the host view or the context whose commit is nearest to the branch, so
 * that most of its build products are right already. The caller holds the store's lock.
 * @throws MizerError as `makeContext`
 */
export async function makeForBranch(
  tree: WorkTree,
  branch: string,
  more: Pick<MakeRequest, 'onProgress'>,
): Promise<Made> {
  const repository = repositoryOf(tree, 'a branch');
  const wanted = nameForBranch(branch);
  const name = tree.store.hasContext(wanted) ? {} : { name: wanted };
  return makeContext(tree, {
    ...more,
    ...name,
    branch,
    from: await nearestTo(tree, repository, branch),
    hidden: false,
  });
}

/** `-` for the host view, or the name of the context whose HEAD has the fewest commits between it and the branch. */
async function nearestTo(tree: WorkTree, repository: Repository, branch: string): Promise<string> {
  const tip = await resolve(repository.workTree, `refs/heads/${branch}`);
  if (tip === undefined) return '-';
  let best = '-';
  let least = Infinity;
  for (const candidate of ['-', ...tree.store.contextNames()]) {
    if (candidate !== '-' && (await tree.store.context(candidate)).live) continue;
    const { oid } = await headOf(repository, candidate === '-' ? undefined : candidate);
    if (oid === undefined) continue;
    const between = Number(await gitText(['rev-list', '--count', `${oid}...${tip}`], { cwd: repository.workTree }));
    if (between < least) [best, least] = [candidate, between];
  }
  return best;
}
