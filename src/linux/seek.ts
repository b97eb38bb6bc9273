import { constants } from 'node:os';
import { checked, foreign } from './native.js';

const lseek = foreign<[number, number, number]>('lseek', 'long', ['int', 'int64_t', 'int']);
const seekData = 3;
const seekHole = 4;

/** A stretch of bytes: from `start` up to, and not with, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The stretches of an open file that hold data; the rest are holes and read as zeros. A file system that knows no holes
 * gives the whole file. Moves the file's position; lseek(2).
 */
export function dataRanges(fd: number): Range[] {
  const ranges: Range[] = [];
  let end = 0;
  for (;;) {
    const start = lseek(fd, end, seekData);
    // No data up to the end of the file.
    if (start === -constants.errno.ENXIO) return ranges;
    checked(start, 'lseek');
    end = checked(lseek(fd, start, seekHole), 'lseek');
    ranges.push({ start, end });
  }
}
