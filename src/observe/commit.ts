import { join } from 'node:path';
import { identity } from '../git/identity.js';
import { git, gitText } from '../git/run.js';
import { resolve } from '../git/repository.js';
import { MizerError } from '../model/errors.js';
import { freeLeftLock } from './left-lock.js';
import type { Shadow } from './shadow.js';

/** The time as `date -Iseconds` prints it: local, with the distance from UTC. */
export function isoSeconds(date = new Date()): string {
  const offset = -date.getTimezoneOffset();
  const two = (value: number): string => String(Math.floor(Math.abs(value))).padStart(2, '0');
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${local}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}

/** The commit of a branch, if there is one. */
export function tipOf(shadow: Pick<Shadow, 'gitDir'>, branch: string): Promise<string | undefined> {
  return resolve(shadow.gitDir, `refs/heads/${branch}^{commit}`);
}

/** Makes a commit, which no ref leads to yet. @param tree and @param parents object ids in hexadecimal */
export async function makeCommit(
  gitDir: string,
  tree: string,
  parents: readonly string[],
  message: string,
): Promise<string> {
  const args = [`--git-dir=${gitDir}`, 'commit-tree', '-m', message, ...parents.flatMap((one) => ['-p', one]), tree];
  const options = { cwd: gitDir, mayWrite: true };
  const { status, stdout } = await git(args, { ...options, answers: [128] });
  if (status === 0) return stdout.toString('latin1').trim();
  // Most likely git does not know who commits.
  return gitText(args, { ...options, environment: await identity({ cwd: gitDir }) });
}

/** Makes branches of a repository that has none. */
export async function makeBranches(
  gitDir: string,
  names: readonly string[],
  commit: string,
  message: string,
): Promise<void> {
  const input = names.map((name) => `create refs/heads/${name} ${commit}\n`).join('');
  const args = [`--git-dir=${gitDir}`, 'update-ref', '-m', message, '--stdin'];
  await git(args, { cwd: gitDir, input, mayWrite: true });
}

/**
 * Moves a branch from one commit to another, or, with `from` undefined, makes it.
 * @throws MizerError `E_BRANCH_MOVED` where it is not at `from` any more
 */
export async function moveBranch(
  gitDir: string,
  branch: string,
  to: string,
  from: string | undefined,
  message: string,
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const old = from ?? '0'.repeat(40);
  const args = [`--git-dir=${gitDir}`, 'update-ref', '-m', message, ref, to, old];
  const move = (): Promise<unknown> => git(args, { cwd: gitDir, mayWrite: true });
  try {
    await move().catch(async (error: unknown) => {
      if (!(await freeLeftLock(join(gitDir, ref)))) throw error;
      await move();
    });
  } catch (cause) {
    if ((await resolve(gitDir, ref)) === from) throw cause;
    throw new MizerError('E_BRANCH_MOVED', `${branch} was moved by somebody else meanwhile; nothing was changed.`, {
      group: 'failed',
      hint: 'Run the command again.',
      cause,
      data: { branch, from },
    });
  }
}
