import { closeSync, lstatSync, openSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { mountOf } from './mountinfo.js';
import { checked, foreign, toCString } from './native.js';

const ioctl = foreign<[number, number, Buffer]>('ioctl', 'int', ['int', 'ulong', 'void *']);
/** `BTRFS_IOC_SNAP_CREATE_V2` with a `struct btrfs_ioctl_vol_args_v2`. */
const createSnapshot = 0x50009417;
/** `BTRFS_IOC_INO_LOOKUP` with a `struct btrfs_ioctl_ino_lookup_args`. */
const lookUpInode = 0xd0009412;
const argumentBytes = 4096;
const snapshotName = 56;

const magic = 0x9123683e;
/** The inode of every subvolume's root. */
const rootInode = 256;
/** The inode of the empty directory that a snapshot has where a subvolume was nested in its source. */
const placeholderInode = 2;

function isBtrfs(path: string | Buffer): boolean {
  return statfsSync(path).type === magic;
}

/** Whether the directory at `path` is the root of a btrfs subvolume. Follows no link. @throws what `lstat` throws */
export function isSubvolume(path: string | Buffer): boolean {
  const stats = lstatSync(path);
  return stats.isDirectory() && stats.ino === rootInode && isBtrfs(path);
}

/** Whether `path` is what a btrfs snapshot has in the place of a subvolume nested in its source: an empty directory that stays so. */
export function isPlaceholder(path: string | Buffer): boolean {
  const stats = lstatSync(path);
  return stats.isDirectory() && stats.ino === placeholderInode && isBtrfs(path);
}

/**
 * The number of the subvolume that holds the directory at `path`, by which a snapshot differs from its source though inodes are equal;
 * `undefined` where that is not btrfs.
 */
export function subvolumeId(path: string): string | undefined {
  if (!isBtrfs(path)) return undefined;
  const lookup = Buffer.alloc(argumentBytes);
  lookup.writeBigUInt64LE(BigInt(rootInode), 8);
  withDirectory(path, (fd) => checked(ioctl(fd, lookUpInode, lookup), 'ioctl(BTRFS_IOC_INO_LOOKUP)', path));
  return lookup.readBigUInt64LE(0).toString();
}

/**
 * Makes the new subvolume `snapshot` a writable snapshot of the subvolume whose root is `source`, of one moment, inodes and times as they
 * are there, subvolumes nested in it left out. Writes what the source has not yet on the disk, and blocks meanwhile. An ordinary user may
 * where the source's root is his own; he removes it with unlink and rmdir as any directory (Linux 4.18).
 * @throws MizerError `E_SYSCALL`: `EPERM`, `EXDEV` on another file system, `ETXTBSY` with a swap file in it, …
 */
export function snapshotSubvolume(source: string, snapshot: string): void {
  const name = toCString(basename(snapshot));
  withDirectory(source, (fd) =>
    withDirectory(dirname(snapshot), (parent) => {
      const order = Buffer.alloc(argumentBytes);
      order.writeBigInt64LE(BigInt(fd), 0);
      name.copy(order, snapshotName);
      checked(ioctl(parent, createSnapshot, order), 'ioctl(BTRFS_IOC_SNAP_CREATE_V2)', snapshot);
    }),
  );
}

function withDirectory(path: string, action: (fd: number) => void): void {
  const fd = openSync(path, 'r');
  try {
    action(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whether two directories are on one btrfs, which has one device number in mountinfo, but in subvolumes, which have one each in stat(2). */
export function areSubvolumesOfOne(one: string, other: string): boolean {
  const mount = mountOf(one);
  return mount.fsType === 'btrfs' && mount.dev === mountOf(other).dev && statSync(one).dev !== statSync(other).dev;
}
