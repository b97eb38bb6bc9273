import { constants } from 'node:fs';
import { constants as osConstants, endianness } from 'node:os';
import { checked, closeDescriptor, foreign, lastErrno, plainForeign, toCString, type KernelPath } from './native.js';

/** Byte string or text that is ASCII: what a name in a directory is to this module. */
export type ByteName = string;

const openAt = foreign<[number, Buffer, number]>('openat', 'int', ['int', 'void *', 'int']);
const getDents = foreign<[number, number, Buffer, number]>('syscall', 'long', ['long', 'long', 'void *', 'ulong']);
const statxParameters = (name: string): string[] => ['int', name, 'int', 'uint', 'void *'];
const statxText = plainForeign<[number, string, number, number, Buffer]>(
  'statx',
  'int',
  statxParameters('const char *'),
);
const statxBytes = plainForeign<[number, Buffer, number, number, Buffer]>('statx', 'int', statxParameters('void *'));
const readLinkAt = foreign<[number, Buffer, Buffer, number]>('readlinkat', 'long', [
  'int',
  'void *',
  'void *',
  'size_t',
]);

/** `SYS_getdents64`. */
const getDentsNumber = process.arch === 'x64' ? 217 : 61;
const symlinkNoFollow = 0x100;
const emptyPath = 0x1000;
const noAutomount = 0x800;
const currentDirectory = -100;
/** `STATX_BASIC_STATS` without what is not asked for: type, mode, links, mtime, inode, size. */
const mask = 0x0001 | 0x0002 | 0x0004 | 0x0040 | 0x0100 | 0x0200;
const attributeImmutable = 0x10;
const openFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000 | constants.O_NONBLOCK;
const little = endianness() === 'LE';
const { errno } = osConstants;

// oxlint-disable-next-line no-control-regex -- the ASCII range is what is meant
const ascii = /^[\u0000-\u007f]*$/;

/**
 * Looks at entries of directories by descriptors, so that a path may be of any length, and answers in numbers of its own that the next
 * look overwrites: nothing is made for an entry. statx(2).
 */
export class EntryLook {
  readonly #answer = Buffer.alloc(256);
  readonly #text = statxText();
  readonly #bytes = statxBytes();
  readonly #view = new DataView(this.#answer.buffer, this.#answer.byteOffset, 256);

  /** @returns 0, or the errno of the failure */
  at(directory: number, name: ByteName): number {
    const flags = symlinkNoFollow | noAutomount;
    const result = ascii.test(name)
      ? this.#text(directory, name, flags, mask, this.#answer)
      : this.#bytes(directory, Buffer.from(`${name}\0`, 'latin1'), flags, mask, this.#answer);
    return result === 0 ? 0 : lastErrno();
  }

  /** The same of an open file. */
  of(descriptor: number): number {
    return this.#text(descriptor, '', emptyPath, mask, this.#answer) === 0 ? 0 : lastErrno();
  }

  /** The type bits of `st_mode`: `0o040000` a directory, … */
  get type(): number {
    return this.#view.getUint16(28, little) & 0o170000;
  }

  get links(): number {
    return this.#view.getUint32(16, little);
  }

  /** The size where a double holds it exactly, else -1: then `bigSize` has it. */
  get size(): number {
    const high = this.#view.getUint32(little ? 44 : 40, little);
    return high < 0x200000 ? high * 0x1_0000_0000 + this.#view.getUint32(little ? 40 : 44, little) : -1;
  }

  get bigSize(): bigint {
    return this.#view.getBigUint64(40, little);
  }

  /** The inode as a key that is unique in its file system. */
  get inode(): number | bigint {
    const high = this.#view.getUint32(little ? 36 : 32, little);
    if (high < 0x200000) return high * 0x1_0000_0000 + this.#view.getUint32(little ? 32 : 36, little);
    return this.#view.getBigUint64(32, little);
  }

  /** Whole seconds since 1970, rounded down. */
  get mtime(): number {
    const high = this.#view.getInt32(little ? 116 : 112, little);
    return high * 0x1_0000_0000 + this.#view.getUint32(little ? 112 : 116, little);
  }

  /** Tells file systems apart: the device's numbers in one. */
  get device(): number {
    return this.#view.getUint32(136, little) * 0x1_0000_0000 + this.#view.getUint32(140, little);
  }

  /** Whether the file system says that the entry may not be changed (chattr(1), `i`). */
  get immutable(): boolean {
    return (this.#view.getUint32(little ? 8 : 12, little) & attributeImmutable) !== 0;
  }
}

/**
 * Opens the directory `name` of the directory that is open as `parent`, or by a path. Follows no link in the last place. Where the directory
 * is one's own (or one is root) it keeps its time of access when it is listed: `O_NOATIME`, open(2).
 * @throws MizerError `E_SYSCALL`
 */
export function openDirectory(name: KernelPath, parent = currentDirectory): number {
  const path = toCString(name);
  const own = openAt(parent, path, openFlags | constants.O_NOATIME);
  if (own !== -errno.EPERM) return checked(own, 'openat', name);
  return checked(openAt(parent, path, openFlags), 'openat', name);
}

const target = Buffer.alloc(65_536);

/** Where the symbolic link `name` of an open directory leads, as a byte string; readlinkat(2). @throws MizerError `E_SYSCALL` */
export function readLink(directory: number, name: ByteName): string {
  const length = readLinkAt(directory, Buffer.from(`${name}\0`, 'latin1'), target, target.length);
  return target.toString('latin1', 0, checked(length, 'readlinkat'));
}

/** Closes what `openDirectory` opened. */
export const closeDirectory = closeDescriptor;

const listing = Buffer.alloc(256 * 1024);

/**
 * Hands each entry of an open directory, `.` and `..` left out, to `take`, as the file system has them: without order, and one that is
 * renamed meanwhile perhaps twice. Must not be called from `take`. getdents64(2).
 * @throws MizerError `E_SYSCALL`
 */
export function listDirectory(directory: number, take: (name: ByteName) => void): void {
  for (;;) {
    const length = checked(getDents(getDentsNumber, directory, listing, listing.length), 'getdents64');
    if (length === 0) return;
    // Text is cut out of one string more quickly than made of bytes piece by piece.
    const text = listing.toString('latin1', 0, length);
    for (let at = 0; at < length;) {
      const size = little ? listing[at + 16]! | (listing[at + 17]! << 8) : (listing[at + 16]! << 8) | listing[at + 17]!;
      const name = text.slice(at + 19, text.indexOf('\0', at + 19));
      if (name !== '.' && name !== '..') take(name);
      at += size;
    }
  }
}
