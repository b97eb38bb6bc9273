import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { discover, type Repository } from '../git/repository.js';
import { git } from '../git/run.js';
import { MizerError } from '../model/errors.js';
import type { Place } from './store.js';

/** A work tree and where its store is. `repository` is absent for a plain directory made a work tree by `mzr init`. */
export interface Located extends Place {
  readonly repository?: Repository;
}

/** The store's directory in a plain work tree. */
export const plainStore = '.mizer';

/**
 * The work tree that holds `directory`: the nearest one upwards, a git repository's or a plain one of `mzr init`.
 * @throws MizerError `E_NO_WORK_TREE`, `E_CWD_GONE`, and those of `discover`
 */
export async function locate(directory: string): Promise<Located> {
  if (!existsSync(directory)) {
    throw new MizerError('E_CWD_GONE', `${directory} is not there.`, { hint: 'Go to a directory that exists.' });
  }
  for (let top = realpathSync(directory); ; top = dirname(top)) {
    if (existsSync(join(top, plainStore, 'store.json'))) return { workTree: top, directory: join(top, plainStore) };
    if (existsSync(join(top, '.git')) || top === dirname(top)) break;
  }
  const repository = await discover(directory);
  if (repository === undefined) {
    throw new MizerError('E_NO_WORK_TREE', `${directory} lies in no git repository.`, {
      hint: 'Go into one, or make this directory a work tree with `mzr init`.',
    });
  }
  return { workTree: repository.workTree, repository, directory: await storeOf(repository) };
}

/** `mizer.store` where it is set, else `mizer/` in the common git directory, below it for a linked work tree. */
async function storeOf(repository: Repository): Promise<string> {
  const main = repository.commonDir;
  const own = repository.isLinkedWorktree ? join('worktrees', basename(repository.gitDir)) : '';
  const setting = await git(['config', '--type=path', '--get', 'mizer.store'], {
    cwd: repository.workTree,
    answers: [1],
  });
  const chosen = setting.stdout.toString('utf8').replace(/\n$/, '');
  if (chosen === '') return join(main, 'mizer', own);
  const absolute = isAbsolute(chosen) ? chosen : resolve(repository.workTree, chosen);
  // Several repositories may share one setting: each gets a directory that its own git directory names.
  return join(absolute, `${basename(repository.workTree)}-${lstatSync(main).ino.toString(36)}`, own);
}
