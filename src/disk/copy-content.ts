import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { copyFile, open, type FileHandle } from 'node:fs/promises';
import { dataRanges, type Range } from '../linux/seek.js';
import { codeOf } from './tree-location.js';

/** Files up to this size are copied at once, without a turn of the event loop. */
const SMALL = 64 * 1024;
const STEP = 1024 * 1024;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const CLONE = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;

/** Whether the file systems at hand share extents between files; found out with the first large file. */
export interface CloneSupport {
  canClone: boolean;
}

/** What `lstat` said of a file. */
export interface FileExtent {
  readonly size: number;
  /** Bytes it takes on the disk. */
  readonly allocated: number;
}

/** Copies the bytes of a file into a new one, mode 0600, as a clone where that is possible, holes kept. Follows no link. */
export async function copyContent(
  from: string | Buffer,
  to: string | Buffer,
  extent: FileExtent,
  support: CloneSupport,
): Promise<void> {
  if (extent.size <= SMALL && extent.allocated >= extent.size) {
    copySmall(from, to);
    return;
  }
  if (support.canClone) {
    try {
      await copyFile(from, to, CLONE);
      return;
    } catch (error) {
      if (!['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOTTY', 'ENOSYS'].includes(codeOf(error))) throw error;
      support.canClone = false;
    }
  }
  await copyRanges(from, to);
}

function copySmall(from: string | Buffer, to: string | Buffer): void {
  const source = openSync(from, READ);
  try {
    const copy = openSync(to, CREATE, 0o600);
    try {
      // One byte more than it should have: a file that grew is read to its end.
      const buffer = Buffer.allocUnsafe(fstatSync(source).size + 1);
      for (let length = readSync(source, buffer); length > 0; length = readSync(source, buffer)) {
        for (let at = 0; at < length;) at += writeSync(copy, buffer, at, length - at);
      }
    } finally {
      closeSync(copy);
    }
  } finally {
    closeSync(source);
  }
}

async function copyRanges(from: string | Buffer, to: string | Buffer): Promise<void> {
  const source = await open(from, READ);
  try {
    const copy = await open(to, CREATE, 0o600);
    try {
      const buffer = Buffer.allocUnsafe(STEP);
      for (const range of dataRanges(source.fd)) await copyRange(source, copy, range, buffer);
      ftruncateSync(copy.fd, (await source.stat()).size);
    } finally {
      await copy.close();
    }
  } finally {
    await source.close();
  }
}

async function copyRange(source: FileHandle, copy: FileHandle, range: Range, buffer: Buffer): Promise<void> {
  for (let position = range.start; position < range.end;) {
    const wanted = Math.min(buffer.length, range.end - position);
    const { bytesRead } = await source.read(buffer, 0, wanted, position);
    if (bytesRead === 0) return;
    for (let at = 0; at < bytesRead;) {
      at += (await copy.write(buffer, at, bytesRead - at, position + at)).bytesWritten;
    }
    position += bytesRead;
  }
}
