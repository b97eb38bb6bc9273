import { LiveError } from './errors.js';

/** A place in a text: zero-based row (lines end with a line feed) and UTF-16 code unit in it. */
export interface Point {
  readonly row: number;
  readonly column: number;
}

/** An offset in UTF-16 code units, or a point. */
export type Position = number | Point;

/** @throws LiveError RANGE_INVALID when there is no such place */
export function offsetOf(text: string, position: Position): number {
  if (typeof position === 'number') return position;
  let start = 0;
  for (let row = 0; row < position.row; row += 1) {
    const feed = text.indexOf('\n', start);
    if (feed < 0) throw new LiveError('RANGE_INVALID', `The text has no row ${position.row}.`);
    start = feed + 1;
  }
  const feed = text.indexOf('\n', start);
  const offset = start + position.column;
  if (!(position.row >= 0 && position.column >= 0 && offset <= (feed < 0 ? text.length : feed))) {
    throw new LiveError('RANGE_INVALID', `Row ${position.row} of the text has no column ${position.column}.`);
  }
  return offset;
}

/** @throws LiveError RANGE_INVALID when the offset is outside of the text */
export function pointOf(text: string, offset: number): Point {
  if (!Number.isInteger(offset) || offset < 0 || offset > text.length) {
    throw new LiveError('RANGE_INVALID', `The text has no offset ${offset}.`);
  }
  let row = 0;
  let start = 0;
  for (let feed = text.indexOf('\n'); feed >= 0 && feed < offset; feed = text.indexOf('\n', start)) {
    row += 1;
    start = feed + 1;
  }
  return { row, column: offset - start };
}
