import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { homedir, release, tmpdir } from 'node:os';
import { join } from 'node:path';

const overlay = 0x794c7630;
const tmpfs = 0x01021994;
const nfs = 0x6969;

/**
 * A writable directory on a file system that can hold the layers of contexts: not an overlay (as the root of a container is), not NFS,
 * and tmpfs only since Linux 6.6, which taught it user extended attributes. Where none is fit, the temporary directory all the same:
 * `mzr` then says what is wrong with it.
 */
export function fitDirectory() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return [tmpdir(), '/var/tmp', cache, '/dev/shm'].find(isFit) ?? tmpdir();
}

function isFit(directory) {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    const { type } = statfsSync(directory);
    return ![overlay, nfs].includes(type) && (type !== tmpfs || kernelIsAtLeast(6, 6));
  } catch {
    return false;
  }
}

function kernelIsAtLeast(major, minor) {
  const [a = 0, b = 0] = release().split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
