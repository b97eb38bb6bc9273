import { closeSync, constants, fstatSync, openSync, readlinkSync, type BigIntStats } from 'node:fs';
import { codeOf, locate } from '../disk/tree-location.js';
import { fromText, type TreePath } from '../model/tree-path.js';

/** Why there is nothing to read: no regular file is there any more, or it may not be read. */
export type Unread = { readonly kind: 'gone' } | { readonly kind: 'failed'; readonly reason: string };

export interface OpenFile {
  readonly descriptor: number;
  readonly stats: BigIntStats;
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOATIME } = constants;
const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/**
 * Opens a regular file below `root` and hands it to `read`. Links are not followed, in no part of the path.
 * @throws what `read` throws, if it is no error of the file system
 */
export function withFile<T>(root: string, path: TreePath, read: (file: OpenFile) => T): T | Unread {
  let descriptor: number | undefined;
  try {
    descriptor = openQuietly(locate(root, path));
    const stats = fstatSync(descriptor, { bigint: true });
    // A directory on the way may have been replaced by a link since it was looked at.
    const place = `${fromText(root === '/' ? '' : root)}/${path}`;
    if (!stats.isFile() || readlinkSync(`/proc/self/fd/${descriptor}`, 'latin1') !== place) return { kind: 'gone' };
    return read({ descriptor, stats });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const code = codeOf(error);
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) return { kind: 'gone' };
    return { kind: 'failed', reason: code };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Without leaving a time of access behind, where that is allowed: to owners only. */
function openQuietly(file: string | Buffer): number {
  try {
    return openSync(file, flags | O_NOATIME);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
    return openSync(file, flags);
  }
}

/** Whether a file is the same after it was read as it was before. */
export function isUnchanged({ descriptor, stats }: OpenFile, bytes: number): boolean {
  const after = fstatSync(descriptor, { bigint: true });
  return stats.mtimeNs === after.mtimeNs && stats.ctimeNs === after.ctimeNs && after.size === BigInt(bytes);
}

/** Records have whole seconds, and clocks of file systems lag behind. */
const freshMs = 2000;

/** Whether a file was changed so recently that another change could leave the same size and second. */
export function isFresh({ mtimeMs }: BigIntStats): boolean {
  return Math.abs(Date.now() - Number(mtimeMs)) < freshMs;
}

/** What is said of a file that changes under one's hands. */
export const unsteady: Unread = { kind: 'failed', reason: 'it changed while it was read' };
