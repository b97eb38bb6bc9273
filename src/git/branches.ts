import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MizerError } from '../model/errors.js';
import { listRegistered } from './linked-worktree.js';
import { type Head, type Repository, resolve } from './repository.js';
import { git, gitText } from './run.js';

type Place = Pick<Repository, 'workTree' | 'commonDir'>;

export interface BranchUse {
  /** Short name. */
  readonly branch: string;
  /** The work tree that has it; of a context the hub's mount point. */
  readonly workTree: string;
  /** The context that has it, where it is one. */
  readonly context?: string;
}

/** Where each branch is in use, by git's rule: checked out in a work tree, or a rebase or bisect there will come back to it. */
export async function branchesInUse(repository: Place): Promise<readonly BranchUse[]> {
  const contexts = new Map(listRegistered(repository.commonDir).map((one) => [one.mountPoint, one.name]));
  const uses: BranchUse[] = [];
  for (const { gitDir, workTree } of await workTrees(repository)) {
    const context = contexts.get(workTree);
    const branches = new Set([...(await checkedOut(gitDir)), ...awaited(gitDir)]);
    for (const branch of branches) uses.push({ branch, workTree, ...(context === undefined ? {} : { context }) });
  }
  return uses;
}

interface WorkTreePlace {
  readonly gitDir: string;
  readonly workTree: string;
}

async function workTrees({ workTree: cwd, commonDir }: Place): Promise<readonly WorkTreePlace[]> {
  const places: WorkTreePlace[] = [];
  const bare = await git(['--git-dir', commonDir, 'config', '--bool', 'core.bare'], { cwd, answers: [1] });
  if (bare.stdout.toString('utf8') !== 'true\n') {
    const isPlain = path.basename(commonDir) === '.git';
    places.push({ gitDir: commonDir, workTree: isPlain ? path.dirname(commonDir) : commonDir });
  }
  const linked = path.join(commonDir, 'worktrees');
  for (const name of existsSync(linked) ? readdirSync(linked) : []) {
    const gitDir = path.join(linked, name);
    const gitFile = readLines(path.join(gitDir, 'gitdir'))[0];
    if (gitFile !== undefined) places.push({ gitDir, workTree: path.dirname(gitFile) });
  }
  return places;
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

const heads = /^(?:ref: )?refs\/heads\/(.+)$/s;

async function checkedOut(gitDir: string): Promise<readonly string[]> {
  let line = readLines(path.join(gitDir, 'HEAD'))[0] ?? '';
  if (line === 'ref: refs/heads/.invalid') {
    // Not kept in files: git knows.
    const asked = await git(['--git-dir', gitDir, 'symbolic-ref', '-q', 'HEAD'], { cwd: gitDir, answers: [1, 128] });
    line = asked.stdout.toString('utf8').replace(/\n$/, '');
  }
  const branch = heads.exec(line)?.[1];
  return branch === undefined ? [] : [branch];
}

/** The branches that a rebase (`head-name`, every third line of `update-refs`) or a bisect (`BISECT_START`) will move or return to. */
function awaited(gitDir: string): readonly string[] {
  const names = [
    ...readLines(path.join(gitDir, 'rebase-merge', 'head-name')),
    ...readLines(path.join(gitDir, 'rebase-apply', 'head-name')),
    ...readLines(path.join(gitDir, 'rebase-merge', 'update-refs')).filter((_, line) => line % 3 === 0),
  ];
  const bisected = readLines(path.join(gitDir, 'BISECT_START'))[0];
  const isBranch = bisected !== undefined && !/^[0-9a-f]{40,64}$/.test(bisected);
  const rebased = names.map((name) => heads.exec(name)?.[1]).filter((name) => name !== undefined);
  return isBranch ? [...rebased, bisected.replace(/^refs\/heads\//, '')] : rebased;
}

/**
 * Makes sure that a branch can be checked out in a context, as `git checkout` would: an existing one that is in use nowhere; else a new
 * one that tracks the only remote branch of that name; else a new one at `head`. Answers with what HEAD will be.
 * @throws MizerError `E_BRANCH_NAME`, `E_BRANCH_IN_USE`
 */
export async function prepareBranch(
  repository: Place,
  branch: string,
  head: Head,
): Promise<Head & { readonly created: boolean }> {
  const cwd = repository.workTree;
  const named = await git(['check-ref-format', '--branch', branch], { cwd, answers: [128] });
  if (named.status !== 0 || named.stdout.toString('utf8') !== `${branch}\n`) {
    throw new MizerError('E_BRANCH_NAME', `${branch} is not a name a branch can have.`, {
      group: 'usage',
      hint: '`git help check-ref-format` says which names git allows.',
    });
  }
  await refuseUsed(repository, branch);
  const existing = await resolve(cwd, `refs/heads/${branch}`);
  if (existing !== undefined) return { branch, oid: existing, created: false };
  const remote = await onlyRemote(cwd, branch);
  if (remote !== undefined) await git(['branch', '--quiet', '--track', branch, remote], { cwd });
  else if (head.oid !== undefined) await git(['branch', '--quiet', '--no-track', branch, head.oid], { cwd });
  const oid = await resolve(cwd, `refs/heads/${branch}`);
  return { branch, created: true, ...(oid === undefined ? {} : { oid }) };
}

async function refuseUsed(repository: Place, branch: string): Promise<void> {
  const use = (await branchesInUse(repository)).find((one) => one.branch === branch);
  if (use === undefined) return;
  const where = use.context === undefined ? use.workTree : `context ${use.context}`;
  throw new MizerError('E_BRANCH_IN_USE', `Branch ${branch} is checked out in ${where}.`, {
    hint:
      use.context === undefined
        ? 'Choose another branch; git lets a branch be checked out only once.'
        : `Use that context: mzr shell ${use.context}`,
    data: { ...use },
  });
}

/** The remote branch that `git checkout BRANCH` would take for a branch that does not exist; `undefined` for none or several. */
async function onlyRemote(cwd: string, branch: string): Promise<string | undefined> {
  const listing = await gitText(['for-each-ref', '--format=%(refname)', `refs/remotes/*/${branch}`], { cwd });
  const found = listing.split('\n').filter((ref) => ref !== '');
  if (found.length < 2) return found[0];
  const preferred = await git(['config', 'checkout.defaultRemote'], { cwd, answers: [1] });
  return found.find((ref) => ref === `refs/remotes/${preferred.stdout.toString('utf8').trim()}/${branch}`);
}
