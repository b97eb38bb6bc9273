import type { Stats, BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { MizerError } from '../model/errors.js';
import { checked, systemCall, toCString, type KernelPath } from './native.js';
import { getAttribute, setAttribute } from './xattr.js';

const currentDirectory = -100;

/** Number of mknodat(2). C libraries before glibc 2.33 export no `mknod`. */
const mknodatNumbers: Readonly<Record<string, number>> = {
  x64: 259,
  arm64: 33,
  riscv64: 33,
  loong64: 33,
  ppc64: 288,
};

/** Whether `stats`, of `lstat`, are those of a whiteout device: what an overlay leaves in its upper directory for a deleted name. */
export function isWhiteout(stats: Stats | BigIntStats): boolean {
  return (Number(stats.mode) & constants.S_IFMT) === constants.S_IFCHR && Number(stats.rdev) === 0;
}

/** Whether the empty file at `path` is a whiteout of the second form (Linux 6.7): marked by an attribute. Ask only for files of size 0. */
export function isWhiteoutFile(path: KernelPath): boolean {
  return getAttribute(path, 'user.overlay.whiteout') !== undefined;
}

/** Makes a whiteout device, which needs no rights; mknod(2). The name must be free. */
export function makeWhiteout(path: KernelPath): void {
  const number = mknodatNumbers[process.arch];
  if (number === undefined) {
    throw new MizerError('E_UNSUPPORTED', `mizer does not know the system calls of ${process.arch}.`, {
      group: 'failed',
      hint: 'Run `mzr doctor` to see what this machine allows.',
    });
  }
  const mknodat = systemCall<[number, Buffer, number, number]>(number, ['int', 'void *', 'uint', 'ulong']);
  checked(mknodat(currentDirectory, toCString(path), constants.S_IFCHR, 0), 'mknod', path);
}

/** Whether the directory at `path` hides all that lower layers hold at its place. */
export function isOpaque(path: KernelPath): boolean {
  return getAttribute(path, 'user.overlay.opaque')?.toString() === 'y';
}

/** Lets the directory at `path` hide all that lower layers hold at its place. */
export function makeOpaque(path: KernelPath): void {
  setAttribute(path, 'user.overlay.opaque', Buffer.from('y'));
}
