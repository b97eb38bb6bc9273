import { constants } from 'node:os';
import { checked, foreign, toCString, type KernelPath } from './native.js';

const nonBlocking = 0x800;
const closeOnExec = 0x80000;
const init = foreign<[number]>('inotify_init1', 'int', ['int']);
const add = foreign<[number, Buffer, number]>('inotify_add_watch', 'int', ['int', 'void *', 'uint']);
const remove = foreign<[number, number]>('inotify_rm_watch', 'int', ['int', 'int']);
const readCall = foreign<[number, Uint8Array, number]>('read', 'long', ['int', 'void *', 'size_t']);

/** Bits of a watch and of an event; inotify(7). */
export const IN = {
  ACCESS: 0x1,
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  CLOSE_NOWRITE: 0x10,
  OPEN: 0x20,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  /** Event: the file system was unmounted; IGNORED follows. */
  UNMOUNT: 0x2000,
  /** Event, with `wd` -1: events were lost. */
  Q_OVERFLOW: 0x4000,
  /** Event: the watch is gone. */
  IGNORED: 0x8000,
  /** Watch: only if it is a directory. */
  ONLYDIR: 0x1000000,
  /** Watch: not through a symbolic link. */
  DONT_FOLLOW: 0x2000000,
  /** Watch: no events of files that are deleted and still open. */
  EXCL_UNLINK: 0x4000000,
  /** Watch: refuse (EEXIST) if it is watched already. */
  MASK_CREATE: 0x10000000,
  /** Watch: add to the bits of an existing watch instead of replacing them. */
  MASK_ADD: 0x20000000,
  /** Event: it is about a directory. */
  ISDIR: 0x40000000,
} as const;

export interface InotifyEvent {
  /** Watch descriptor, -1 with `IN.Q_OVERFLOW`. */
  readonly wd: number;
  readonly mask: number;
  /** Joins MOVED_FROM and MOVED_TO of one rename; 0 for none. */
  readonly cookie: number;
  /** Byte string of the name in the watched directory, `''` for the watched file itself. */
  readonly name: string;
}

/** A new inotify instance: a descriptor that does not block and is not inherited. Close it with `closeDescriptor`. */
export function openInotify(): number {
  return checked(init(nonBlocking | closeOnExec), 'inotify_init1');
}

/**
 * Watches `path` for the events of `mask`.
 * @returns the watch descriptor: the same one where that inode is watched already
 * @throws MizerError `E_SYSCALL`; `data.errno` is `ENOSPC` at the limit of watches
 */
export function addWatch(fd: number, path: KernelPath, mask: number): number {
  return checked(add(fd, toCString(path), mask), 'inotify_add_watch', path);
}

/** Ends a watch. One that the kernel has ended already is no error. */
export function removeWatch(fd: number, wd: number): void {
  const result = remove(fd, wd);
  if (result !== -constants.errno.EINVAL) checked(result, 'inotify_rm_watch');
}

/** The events in `bytes`, as read from an inotify descriptor. */
export function decodeEvents(bytes: Uint8Array): InotifyEvent[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: InotifyEvent[] = [];
  for (let at = 0; at < buffer.length;) {
    const length = buffer.readUInt32LE(at + 12);
    const start = at + 16;
    let end = start;
    while (end < start + length && buffer[end] !== 0) end++;
    events.push({
      wd: buffer.readInt32LE(at),
      mask: buffer.readUInt32LE(at + 4),
      cookie: buffer.readUInt32LE(at + 8),
      name: buffer.toString('latin1', start, end),
    });
    at = start + length;
  }
  return events;
}

/**
 * What has happened, as much as `buffer` takes (64 KiB is good; at least 272 bytes); `[]` where nothing has.
 * One read does not empty the queue: read until `[]`.
 */
export function readEvents(fd: number, buffer: Uint8Array): InotifyEvent[] {
  const length = readCall(fd, buffer, buffer.length);
  if (length === -constants.errno.EAGAIN || length === -constants.errno.EINTR) return [];
  return decodeEvents(buffer.subarray(0, checked(length, 'read')));
}
