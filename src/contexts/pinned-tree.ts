import { chmodSync, closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { locate } from '../disk/tree-location.js';
import { nameOf, parentOf, type TreePath } from '../model/tree-path.js';
import { lstatAt, type FilePath } from './tree-files.js';

/** A descriptor that only names a node; open(2). Node does not export it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;

/**
 * A tree whose paths never lead out of it. Each parent is opened on its own, a link among them is refused, and what is answered is a name
 * in the opened directory: whoever swaps a parent for a link meanwhile changes nothing. Good for going through paths in order, as it
 * keeps the parents of the last path open. Close it.
 */
export class PinnedTree {
  readonly #chain: { readonly path: TreePath; readonly fd: number }[];

  /** @param root an absolute directory */
  constructor(root: string) {
    this.#chain = [{ path: '', fd: openSync(root, O_PATH | O_DIRECTORY) }];
  }

  /**
   * `path` for calls that do not follow its last part; valid until the next call.
   * @throws what open(2) says (`ENOENT`, `ENOTDIR`, `ELOOP`) when a parent is not there or is no directory
   */
  at(path: TreePath): FilePath {
    return locate(`/proc/self/fd/${this.#open(parentOf(path))}`, nameOf(path));
  }

  /** `lstat` of `path`; `undefined` when it or a parent is not there, or a parent is no directory. */
  stat(path: TreePath): BigIntStats | undefined {
    let at: FilePath;
    try {
      at = this.at(path);
    } catch (error) {
      if (isNoDirectory(error)) return undefined;
      throw error;
    }
    return lstatAt(at);
  }

  /** Sets permission bits if `isMeant` says so of what is there; never those of a link. Says whether it did. */
  chmod(path: TreePath, mode: number, isMeant: (stats: BigIntStats) => boolean): boolean {
    const fd = openSync(this.at(path), O_PATH | O_NOFOLLOW);
    try {
      const stats = fstatSync(fd, { bigint: true });
      if (stats.isSymbolicLink() || !isMeant(stats)) return false;
      chmodSync(`/proc/self/fd/${fd}`, mode);
      return true;
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    for (const { fd } of this.#chain.splice(0)) closeSync(fd);
  }

  #open(directory: TreePath): number {
    for (let last = this.#chain.at(-1); last !== undefined; last = this.#chain.at(-1)) {
      if (last.path === directory) return last.fd;
      if (last.path === '' || directory.startsWith(`${last.path}/`)) break;
      closeSync(last.fd);
      this.#chain.pop();
    }
    const parent = this.#open(parentOf(directory));
    const fd = openSync(locate(`/proc/self/fd/${parent}`, nameOf(directory)), O_PATH | O_DIRECTORY | O_NOFOLLOW);
    this.#chain.push({ path: directory, fd });
    return fd;
  }
}

/** Whether a parent was missing or no directory. */
export function isNoDirectory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(String(error.code));
}
