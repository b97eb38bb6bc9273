import { closeSync, lstatSync, openSync, readSync, readlinkSync, type BigIntStats } from 'node:fs';
import { toEntry } from '../disk/look.js';
import { codeOf, locate } from '../disk/tree-location.js';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import { toDisplay, type TreePath } from '../model/tree-path.js';

/** An absolute path for fs calls: bytes where it holds a tree path that is not ASCII. */
export type FilePath = string | Buffer;

const chunk = 1 << 18;

/** An entry and where it really lies. */
export interface Located {
  readonly entry: Entry;
  readonly at: FilePath;
}

/** `lstat` that says `undefined` for a name that is not there. Its parent must be a directory. */
export function lstatAt(at: FilePath): BigIntStats | undefined {
  return lstatSync(at, { bigint: true, throwIfNoEntry: false });
}

/** What `stats`, of `lstat`, say of `path` in the tree at `root`. */
export function located(root: string, path: TreePath, stats: BigIntStats): Located {
  return { entry: toEntry(path, stats, 0n), at: locate(root, path) };
}

/**
 * Whether two nodes of one kind have the same content: bytes of files, targets of links; anything else has none to differ in. What may
 * not be read counts as different.
 */
export function sameContent(a: Located, b: Located): boolean {
  if (a.entry.kind === 'symlink') return readlinkSync(a.at, 'latin1') === readlinkSync(b.at, 'latin1');
  if (a.entry.kind !== 'file' || a.entry.size !== b.entry.size) return a.entry.kind !== 'file';
  try {
    return a.entry.size === 0 || sameBytes(a.at, b.at, Math.min(chunk, a.entry.size + 1));
  } catch (error) {
    if (codeOf(error) === 'EACCES') return false;
    throw error;
  }
}

/** The error for what this user may not read. */
export function unreadable(path: TreePath, cause: unknown): MizerError {
  return new MizerError('E_UNREADABLE', `${toDisplay(path)} cannot be read (${codeOf(cause)}).`, {
    group: 'failed',
    hint: 'Give yourself the permission to read it, or name the paths that are meant.',
    cause,
    data: { path },
  });
}

function sameBytes(a: FilePath, b: FilePath, step: number): boolean {
  const files: number[] = [];
  const [left, right] = [Buffer.allocUnsafe(step), Buffer.allocUnsafe(step)];
  try {
    const [one, other] = [a, b].map((path) => {
      const file = openSync(path, 'r');
      files.push(file);
      return file;
    });
    if (one === undefined || other === undefined) return false;
    for (;;) {
      const length = readFully(one, left);
      if (readFully(other, right) !== length) return false;
      if (left.compare(right, 0, length, 0, length) !== 0) return false;
      if (length < step) return true;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Fills `buffer` as far as the file goes. */
function readFully(file: number, buffer: Buffer): number {
  let length = 0;
  while (length < buffer.length) {
    const got = readSync(file, buffer, length, buffer.length - length, null);
    if (got === 0) break;
    length += got;
  }
  return length;
}
