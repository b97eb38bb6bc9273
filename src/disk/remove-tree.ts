import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { isPlaceholder, isSubvolume } from '../linux/btrfs.js';
import { codeOf } from './tree-location.js';

/** What could not be removed: an absolute path as bytes, and why. `EXDEV`: it lies on another file system, or is mounted there. */
export interface RemoveError {
  readonly path: Uint8Array;
  readonly code: string;
}

export interface RemoveResult {
  readonly removed: number;
  readonly errors: readonly RemoveError[];
}

const SLASH = Buffer.from('/');

/**
 * Removes what stands at `path` and all below it, and blocks meanwhile. Follows no link, enters no other file system and no directory
 * of `mountPoints`, opens up directories whose permissions are in the way, goes on after errors. Nothing there is no error.
 * @param mountPoints absolute paths as byte strings, as /proc/self/mountinfo tells them; where they are known, btrfs subvolumes, which
 * differ from what is mounted by just that, are removed too
 */
export function removeTree(path: string | Buffer, mountPoints?: ReadonlySet<string>): RemoveResult {
  const remover = new Remover(mountPoints);
  remover.remove(Buffer.from(path), undefined);
  return remover;
}

class Remover implements RemoveResult {
  removed = 0;
  readonly errors: RemoveError[] = [];
  readonly #mountPoints: ReadonlySet<string> | undefined;

  constructor(mountPoints: ReadonlySet<string> | undefined) {
    this.#mountPoints = mountPoints;
  }

  /** @param device of the directory above, inside the tree */
  remove(path: Buffer, device: number | undefined): void {
    try {
      // Of a directory this is EISDIR, before anything else is looked at.
      unlinkSync(path);
      this.removed += 1;
      return;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT') return;
      if (code !== 'EISDIR') {
        this.errors.push({ path, code });
        return;
      }
    }
    this.#removeDirectory(path, device);
  }

  #removeDirectory(path: Buffer, device: number | undefined): void {
    try {
      const { dev, mode } = lstatSync(path);
      const isElsewhere = device !== undefined && dev !== device && !this.#isOwnSubvolume(path);
      if (isElsewhere || this.#mountPoints?.has(path.toString('latin1')) === true) {
        this.errors.push({ path, code: 'EXDEV' });
        return;
      }
      if ((mode & 0o700) !== 0o700) chmodSync(path, 0o700);
      for (const name of readdirSync(path, { encoding: 'buffer' }))
        this.remove(Buffer.concat([path, SLASH, name]), dev);
      rmdirSync(path);
      this.removed += 1;
    } catch (error) {
      const code = codeOf(error);
      // Its own reason is listed already where something in it could not go.
      if (code !== 'ENOENT' && code !== 'ENOTEMPTY') this.errors.push({ path, code });
    }
  }

  #isOwnSubvolume(path: Buffer): boolean {
    return this.#mountPoints !== undefined && (isSubvolume(path) || isPlaceholder(path));
  }
}
