import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { discover } from '../git/repository.js';
import { MizerError } from '../model/errors.js';
import { plainStore } from './locate.js';
import type { Place } from './store.js';

/**
 * Where the store of a plain directory is to be made, so that the directory becomes a work tree; where it is one already, its place.
 * @throws MizerError `E_NOT_A_DIRECTORY`, `E_HAS_GIT`
 */
export async function placeForPlain(directory: string): Promise<Place> {
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new MizerError('E_NOT_A_DIRECTORY', `${directory} is no directory.`, {
      hint: `Make it first: mkdir -p ${directory}`,
      group: 'usage',
    });
  }
  const repository = await discover(directory);
  if (repository?.workTree === directory) {
    throw new MizerError('E_HAS_GIT', `${directory} is a git repository, which needs no mzr init.`, {
      hint: 'Begin with `mzr run -- COMMAND`.',
    });
  }
  return { workTree: directory, directory: join(directory, plainStore) };
}
