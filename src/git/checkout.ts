import { MizerError } from '../model/errors.js';
import { resolve } from './repository.js';
import { git } from './run.js';
import type { GitPlace } from './status.js';

/**
 * The commit a person means by `revision`.
 * @throws MizerError `E_REV_UNKNOWN`
 */
export async function resolveRevision(cwd: string, revision: string): Promise<string> {
  const oid = await resolve(cwd, `${revision}^{commit}`);
  if (oid !== undefined) return oid;
  throw new MizerError('E_REV_UNKNOWN', `${revision} names no commit of this repository.`, {
    group: 'usage',
    hint: 'Name a branch, a tag or a commit; `git log --oneline --all` lists them.',
  });
}

export interface ResetOptions {
  /** Remove untracked files as well. */
  readonly clean: boolean;
  /** With `clean`: the ignored ones too. */
  readonly alsoIgnored: boolean;
}

/**
 * Makes a context's tracked files and index those of a commit, whatever they were; files git does not track stay unless `clean`.
 * HEAD follows and is detached there; a branch that is at that commit already stays checked out, and no branch is ever moved.
 */
export async function resetTo(place: GitPlace, oid: string, options: ResetOptions): Promise<void> {
  const writing = { ...place, mayWrite: true };
  const head = await git(['rev-parse', '-q', '--verify', 'HEAD'], { ...place, answers: [1] });
  const stays = head.stdout.toString('utf8').trim() === oid;
  await git(stays ? ['reset', '-q', '--hard'] : ['checkout', '-q', '--force', '--detach', oid], writing);
  if (options.clean) await git(['clean', options.alsoIgnored ? '-ffdxq' : '-ffdq'], writing);
}

/** Makes the index that of HEAD, whatever it was; no file is touched. */
export async function resetIndex(place: GitPlace): Promise<void> {
  await git(['reset', '-q', '--mixed'], { ...place, mayWrite: true });
}

/** `git checkout BRANCH` in a context: uncommitted changes come along where git can keep them, else it refuses (`E_GIT`). */
export async function switchToBranch(place: GitPlace, branch: string): Promise<void> {
  const writing = { ...place, mayWrite: true };
  const exists = await git(['show-ref', '--verify', '--quiet', `refs/heads/${branch}`], { ...place, answers: [1] });
  const args =
    exists.status === 0 ? ['checkout', '-q', branch, '--'] : ['symbolic-ref', 'HEAD', `refs/heads/${branch}`];
  await git(args, writing);
}
