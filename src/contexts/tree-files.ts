import { closeSync, openSync, readSync, readlinkSync, type BigIntStats } from 'node:fs';
import type { Entry, Kind } from '../model/entry.js';
import { toBytes, type TreePath } from '../model/tree-path.js';

/** An absolute path for fs calls: bytes where it holds a tree path that is not ASCII. */
export type FilePath = string | Buffer;

const chunk = 1 << 18;
// oxlint-disable-next-line no-control-regex -- the ASCII range is what is meant
const ascii = /^[\u0000-\u007f]*$/;

/** Where `path` lies below an absolute `directory`; the directory itself for the root. */
export function filePath(directory: FilePath, path: TreePath): FilePath {
  if (path === '') return directory;
  if (typeof directory === 'string' && ascii.test(path)) return `${directory}/${path}`;
  return Buffer.concat([Buffer.from(directory), Buffer.from('/'), toBytes(path)]);
}

export function kindOf(stats: BigIntStats): Kind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/** What `lstat` said of `path`. */
export function entryOf(path: TreePath, stats: BigIntStats): Entry {
  const kind = kindOf(stats);
  return {
    path,
    kind,
    mode: Number(stats.mode) & 0o7777,
    size: kind === 'directory' ? 0 : Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    ino: Number(stats.ino),
    dev: Number(stats.dev),
    nlink: Number(stats.nlink),
  };
}

/** Whether two nodes of one kind have the same content: bytes of files, targets of links; anything else has none to differ in. */
export function sameContent(a: Located, b: Located): boolean {
  if (a.entry.kind === 'symlink') return readlinkSync(a.at, 'latin1') === readlinkSync(b.at, 'latin1');
  if (a.entry.kind !== 'file') return true;
  if (a.entry.size !== b.entry.size) return false;
  return a.entry.size === 0 || sameBytes(a.at, b.at, Math.min(chunk, a.entry.size + 1));
}

/** An entry and where it really lies. */
export interface Located {
  readonly entry: Entry;
  readonly at: FilePath;
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
