import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Repository } from './repository.js';
import { resolve } from './repository.js';
import { git, gitText } from './run.js';

const namespace = 'refs/mizer/archive/';

export interface Archive {
  readonly name: string;
  readonly commit: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Who commits an archive: not the person, who did not ask for a commit. */
const identity = {
  GIT_AUTHOR_NAME: 'mizer',
  GIT_AUTHOR_EMAIL: 'mizer@localhost',
  GIT_COMMITTER_NAME: 'mizer',
  GIT_COMMITTER_EMAIL: 'mizer@localhost',
};

/**
 * Saves what a context has and no commit: its tracked and untracked files as a commit upon its HEAD, under `refs/mizer/archive/<name>`, or
 * `<name>-2` and so on where that is taken. The context's own index is not touched.
 * @returns the archive's name
 */
export async function archive({
  workTree,
  name,
}: {
  readonly workTree: string;
  readonly name: string;
}): Promise<string> {
  const aside = mkdtempSync(join(tmpdir(), 'mizer-archive-'));
  try {
    const environment = { ...identity, GIT_INDEX_FILE: join(aside, 'index') };
    const options = { cwd: workTree, environment, mayWrite: true };
    const head = await resolve(workTree, 'HEAD');
    // With what the index knows of file times, only what changed is read.
    const index = await gitText(['rev-parse', '--path-format=absolute', '--git-path', 'index'], { cwd: workTree });
    if (existsSync(index)) copyFileSync(index, join(aside, 'index'));
    await git(['add', '--all', '--ignore-errors', '.'], { ...options, answers: [1] });
    const tree = await gitText(['write-tree'], options);
    const parent = head === undefined ? [] : ['-p', head];
    const isUnchanged = head !== undefined && tree === (await resolve(workTree, `${head}^{tree}`));
    const message = `Context ${name} as it was when it was removed`;
    const commit = isUnchanged ? head : await gitText(['commit-tree', ...parent, '-m', message, tree], options);
    return await publish(workTree, name, commit);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function publish(workTree: string, name: string, commit: string): Promise<string> {
  for (let serial = 1; ; serial += 1) {
    const full = serial === 1 ? name : `${name}-${serial}`;
    // An empty old value: the ref must not exist.
    const made = await git(['update-ref', '--stdin'], {
      cwd: workTree,
      input: `create ${namespace}${full} ${commit}\n`,
      mayWrite: true,
      answers: [128],
    });
    if (made.status === 0) return full;
    if ((await resolve(workTree, `${namespace}${full}`)) === undefined) {
      await git(['update-ref', `${namespace}${full}`, commit, ''], { cwd: workTree, mayWrite: true });
      return full;
    }
  }
}

/** All archives of a repository, the newest first. */
export async function listArchives(workTree: string): Promise<readonly Archive[]> {
  const format = '%(refname)%00%(objectname)%00%(committerdate:iso-strict)';
  const listing = await gitText(['for-each-ref', '--sort=-committerdate', `--format=${format}`, namespace], {
    cwd: workTree,
  });
  return listing
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', commit = '', createdAt = ''] = line.split('\0');
      return { name: ref.slice(namespace.length), commit, createdAt };
    });
}

/** Whether a branch, tag, archive or any other ref reaches a commit, so that it stays when a detached HEAD goes. */
export async function isReachable(repository: Pick<Repository, 'workTree'>, oid: string): Promise<boolean> {
  const holders = await gitText(['for-each-ref', '--count=1', '--format=%(refname)', `--contains=${oid}`], {
    cwd: repository.workTree,
  });
  return holders !== '';
}
