import { randomBytes } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { lstat, rename } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { mountsOf } from '../linux/mountinfo.js';
import { MizerError } from '../model/errors.js';
import { Background } from './background.js';
import type { RemoveResult } from './remove-tree.js';
import { codeOf } from './tree-location.js';

/** Where things are thrown away. */
export interface TrashPlace {
  /** The directory that whatever is discarded must lie in. */
  readonly store: string;
  /** A directory inside the store, on the same file system; made when missing. */
  readonly trash: string;
}

const remover = new Background<string, RemoveResult>(new URL('./trash-worker.js', import.meta.url), 2_000);

/**
 * Moves `path` into the trash, which takes no time whatever its size; `emptyTrash` frees the space. Follows no link at the end of `path`.
 * @returns false when there is nothing at `path`
 * @throws MizerError `E_DISCARD_REFUSED` when it is not inside the store, holds the trash, or something is mounted at or below it;
 * `E_DISCARD_FAILED` when the rename fails
 */
export async function discard(path: string, { store, trash }: TrashPlace): Promise<boolean> {
  let real: string;
  try {
    // The directory's links are resolved, so that `store/link/…` does not lead elsewhere; the entry itself is taken as it is.
    real = join(realpathSync(dirname(path)), basename(path));
    await lstat(real);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw failed(path, error);
  }
  mkdirSync(trash, { recursive: true, mode: 0o700 });
  const [realStore, realTrash] = [realpathSync(store), realpathSync(trash)];
  if (!isBelow(real, realStore)) throw refused(path, `it is not inside ${store}`);
  if (!isBelow(realTrash, realStore)) throw refused(path, `the trash ${trash} is not inside ${store}`);
  if (real === realTrash || isBelow(realTrash, real) || isBelow(real, realTrash))
    throw refused(path, 'it is the trash');
  const bytes = Buffer.from(real).toString('latin1');
  const mounted = mountsOf('thread-self').find(({ mountPoint }) => mountPoint === bytes || isBelow(mountPoint, bytes));
  if (mounted !== undefined) throw refused(path, 'something is mounted there');
  try {
    await rename(real, join(realTrash, `${basename(real).slice(0, 60)}-${randomBytes(6).toString('hex')}`));
  } catch (error) {
    throw failed(path, error);
  }
  return true;
}

/**
 * Removes for good what is in the trash, in a worker thread. Follows no link, leaves other file systems and mounts alone, opens up
 * directories whose permissions are in the way. What could not be removed is listed and stays for the next time.
 */
export function emptyTrash(trash: string): Promise<RemoveResult> {
  return remover.ask(trash);
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function refused(path: string, reason: string): MizerError {
  return new MizerError('E_DISCARD_REFUSED', `${path} is not removed: ${reason}.`, {
    hint: 'Run `mzr doctor` to see what is in use.',
    data: { path },
  });
}

function failed(path: string, cause: unknown): MizerError {
  return new MizerError('E_DISCARD_FAILED', `${path} cannot be moved into the trash (${codeOf(cause)}).`, {
    group: 'failed',
    hint: 'Run `mzr doctor` to see what is in use.',
    cause,
    data: { path },
  });
}
