import { lstatSync, statfsSync, type BigIntStats } from 'node:fs';
import { release } from 'node:os';
import type { Entry, Kind } from '../model/entry.js';
import type { TreePath } from '../model/tree-path.js';
import { locate } from './tree-location.js';

const TYPE = 0o170000n;
const DIRECTORY = 0o040000n;
const FILE = 0o100000n;
const SYMLINK = 0o120000n;

const SECOND_NS = 1_000_000_000n;
/** File times come from a clock that ticks 100 to 1000 times a second; twice the slowest tick, in nanoseconds. */
export const TICK_NS = 20_000_000n;
/** ext4, xfs, btrfs, tmpfs: since Linux 6.13 they give each change after a look at the times a time of its own. */
const distinctTimes: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);

/**
 * How long after a change another one can leave the same ctime in the file system that holds `path`, in nanoseconds; 0 where each
 * change that follows a look is told apart.
 */
export function clockTick(path: string): bigint {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const tellsApart = major > 6 || (major === 6 && minor >= 13);
  try {
    return tellsApart && distinctTimes.has(statfsSync(path).type) ? 0n : TICK_NS;
  } catch {
    return TICK_NS;
  }
}

function kindOf(mode: bigint): Kind {
  const type = mode & TYPE;
  if (type === FILE) return 'file';
  if (type === DIRECTORY) return 'directory';
  return type === SYMLINK ? 'symlink' : 'other';
}

/**
 * What `stats` says as an entry. A change so fresh that another could follow it with the same ctime is given the ctime 0, which no
 * later look repeats: whoever compares takes the entry for changed and looks again.
 * @param tickNs of `clockTick`
 */
export function toEntry(path: TreePath, stats: BigIntStats, tickNs: bigint): Entry {
  const kind = kindOf(stats.mode);
  return {
    path,
    kind,
    mode: Number(stats.mode & 0o7777n),
    size: kind === 'directory' ? 0 : Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: tickNs > 0n && isFresh(stats.ctimeNs, tickNs, BigInt(Date.now()) * 1_000_000n) ? 0n : stats.ctimeNs,
    ino: Number(stats.ino),
    dev: Number(stats.dev),
    nlink: Number(stats.nlink),
  };
}

/** Whether at `nowNs` a further change could leave the same ctime. Whole seconds are the sign of a file system that keeps no less. */
export function isFresh(ctimeNs: bigint, tickNs: bigint, nowNs: bigint): boolean {
  const tick = ctimeNs % SECOND_NS === 0n ? tickNs + SECOND_NS : tickNs;
  return nowNs - ctimeNs < tick;
}

/** `lstat` of one path of the tree at `root`; `undefined` when it is not there. Other errors of `lstat` are thrown as Node gives them. */
export function statOf(root: string, path: TreePath): BigIntStats | undefined {
  try {
    return lstatSync(locate(root, path), { bigint: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}
