import { PackWriter } from '../git/pack-writer.js';
import { toHex } from '../git/oid.js';
import { git, gitText, requireGit } from '../git/run.js';
import { ObjectReader } from '../git/tree-reader.js';
import { MizerError } from '../model/errors.js';
import { isoSeconds, makeCommit, moveBranch, tipOf } from './commit.js';
import { STUB_FILES, switchedStub, type Policy } from './policy.js';
import { BRANCHES, type Shadow } from './shadow.js';
import { withBranch, type LockOptions } from './shadow-lock.js';
import { readStub, sameEntry, stubEntries, treeContent } from './stub.js';

const STUB = 'master-stub';

/** A branch that has taken over what the stub says. */
export interface AppliedStub {
  readonly branch: string;
  readonly commit: string;
}

export interface ReinitResult {
  /** The commit on `master-stub`; absent where the stub was so already. */
  readonly commit?: string;
  readonly applied: readonly AppliedStub[];
}

/**
 * Changes what is tracked: a commit on `master-stub` and a merge of it on every other branch. Files of the stub that were changed by hand
 * are overwritten. What the new policy leaves out goes with the next stat.
 * @throws MizerError `E_SHADOW_BUSY`, `E_INTERRUPTED`, `E_BRANCH_MOVED`, `E_GIT`
 */
export async function reinit(shadow: Shadow, policy: Policy, options: LockOptions = {}): Promise<ReinitResult> {
  await requireGit();
  return withBranch(shadow, 'stat', options, async () => {
    const commit = await switchStub(shadow, policy);
    const applied = await applyAll(shadow);
    return { ...(commit === undefined ? {} : { commit }), applied };
  });
}

/**
 * Merges what was committed on `master-stub` into every other branch that has it not yet.
 * @throws MizerError `E_STUB_UNCOMMITTED`, and as `reinit`
 */
export async function applyStub(shadow: Shadow, options: LockOptions = {}): Promise<readonly AppliedStub[]> {
  await requireGit();
  return withBranch(shadow, 'stat', options, async () => {
    await refuseUncommitted(shadow);
    return applyAll(shadow);
  });
}

async function switchStub(shadow: Shadow, policy: Policy): Promise<string | undefined> {
  const { gitDir, path } = shadow;
  const reader = ObjectReader.open(gitDir);
  const writer = new PackWriter(gitDir);
  try {
    const tip = await tipOf(shadow, STUB);
    const wanted = switchedStub(policy);
    const current = { '.gitignore': '', '.gitattributes': '', '.nogbundles': '', ...(await readStub(reader, STUB)) };
    if (tip !== undefined && STUB_FILES.every((name) => current[name] === wanted[name])) return undefined;
    const others = (await entriesOf(reader, STUB)).filter(({ name }) => !isStubFile(name)).map(sameEntry);
    const tree = writer.tree(treeContent([...others, ...stubEntries(wanted, writer)]));
    await writer.finish();
    const message = `switch to ${policy}`;
    const commit = await makeCommit(gitDir, toHex(tree), tip === undefined ? [] : [tip], message);
    await moveBranch(gitDir, STUB, commit, tip, message);
    // The work tree is the stub's, for those who edit it by hand.
    if ((await gitText(['symbolic-ref', '-q', 'HEAD'], { cwd: path })) === `refs/heads/${STUB}`) {
      await git(['reset', '-q', '--hard'], { cwd: path, mayWrite: true });
    }
    return commit;
  } finally {
    writer.abandon();
    reader.close();
  }
}

async function applyAll(shadow: Shadow): Promise<AppliedStub[]> {
  const applied: AppliedStub[] = [];
  const reader = ObjectReader.open(shadow.gitDir);
  const writer = new PackWriter(shadow.gitDir);
  try {
    const merges: { branch: string; tree: string; tip: string }[] = [];
    const stub = await tipOf(shadow, STUB);
    if (stub === undefined) return applied;
    const files = (await entriesOf(reader, STUB)).filter(({ name }) => isStubFile(name));
    for (const branch of [...BRANCHES, 'master-meta'].filter((one) => one !== STUB)) {
      const tip = await tipOf(shadow, branch);
      if (tip === undefined || (await isAncestor(shadow, stub, tip))) continue;
      const others = (await entriesOf(reader, branch)).filter(({ name }) => !isStubFile(name));
      merges.push({ branch, tip, tree: toHex(writer.tree(treeContent([...others, ...files].map(sameEntry)))) });
    }
    await writer.finish();
    for (const { branch, tip, tree } of merges) {
      const message = `Merge stub into ${branch.replace('master-', '')} ${isoSeconds()}`;
      const commit = await makeCommit(shadow.gitDir, tree, [tip, stub], message);
      await moveBranch(shadow.gitDir, branch, commit, tip, message);
      applied.push({ branch, commit });
    }
    return applied;
  } finally {
    writer.abandon();
    reader.close();
  }
}

function isStubFile(name: string): boolean {
  return STUB_FILES.some((one) => one === name);
}

async function entriesOf(reader: ObjectReader, branch: string): Promise<Awaited<ReturnType<ObjectReader['tree']>>> {
  const tree = await reader.object(`refs/heads/${branch}^{tree}`);
  return tree === undefined ? [] : reader.tree(tree.oid);
}

async function isAncestor(shadow: Shadow, ancestor: string, tip: string): Promise<boolean> {
  const args = [`--git-dir=${shadow.gitDir}`, 'merge-base', '--is-ancestor', ancestor, tip];
  return (await git(args, { cwd: shadow.gitDir, answers: [1] })).status === 0;
}

async function refuseUncommitted({ path }: Shadow): Promise<void> {
  const changed = await gitText(['status', '--porcelain', '--untracked-files=normal', '--', ...STUB_FILES], {
    cwd: path,
  });
  if (changed === '') return;
  throw new MizerError('E_STUB_UNCOMMITTED', `The stub in ${path} has changes that are not committed.`, {
    hint: `Commit them on master-stub first: \`git -C ${path} add -A\` and \`git -C ${path} commit\`.`,
    data: { path },
  });
}
