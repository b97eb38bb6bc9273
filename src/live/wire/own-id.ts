import type { ReplicaId } from '../ids.js';
import { Writer } from './varint.js';

// A text engine's update names its author again and again, as a varint: of 30 bytes for a key struck 15 may be that.

/** An update from which its author's id was taken out. */
export interface Abbreviated {
  /** What is kept: `bytes` from `start` to `end`. A view of its own for each would cost more than all the rest of reading it. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** How many of the bytes kept lie before each id that was taken out, since the one before. */
  readonly gaps: readonly number[];
}

/** A shorter id is not worth taking out. */
const SHORTEST = 3;
const WHOLE: readonly number[] = [];

/** The bytes to take out. */
export function idBytes(replica: ReplicaId): Uint8Array {
  const writer = new Writer(8);
  writer.varint(replica);
  return writer.view();
}

/** Takes an id out, from the left on, wherever its bytes stand. */
export function abbreviate(update: Uint8Array, id: Uint8Array): Abbreviated {
  const whole = { bytes: update, start: 0, end: update.length, gaps: WHOLE };
  if (id.length < SHORTEST) return whole;
  const gaps: number[] = [];
  const rest = new Writer(update.length);
  let from = 0;
  for (let at = find(update, id, 0); at >= 0; at = find(update, id, from)) {
    gaps.push(at - from);
    rest.raw(update.subarray(from, at));
    from = at + id.length;
  }
  if (from === 0) return whole;
  rest.raw(update.subarray(from));
  return { bytes: rest.view(), start: 0, end: rest.length, gaps };
}

/** The update as it was. The gaps together are no longer than what is kept. */
export function restore({ bytes, start, end, gaps }: Abbreviated, id: Uint8Array): Uint8Array {
  if (gaps.length === 0) return bytes.subarray(start, end);
  const update = new Uint8Array(end - start + gaps.length * id.length);
  let from = start;
  let to = 0;
  // Byte by byte: they are few, and a view of each piece would cost more.
  for (const gap of gaps) {
    for (const next = from + gap; from < next; from += 1, to += 1) update[to] = bytes[from] ?? 0;
    for (let at = 0; at < id.length; at += 1, to += 1) update[to] = id[at] ?? 0;
  }
  if (end - from > 64) update.set(bytes.subarray(from, end), to);
  else for (; from < end; from += 1, to += 1) update[to] = bytes[from] ?? 0;
  return update;
}

/** Whether that is how `abbreviate` would have put it: no other place is left in it, and none begins further left. */
export function isAbbreviated(update: Uint8Array, gaps: readonly number[], id: Uint8Array): boolean {
  if (id.length < SHORTEST) return gaps.length === 0;
  let from = 0;
  for (const gap of gaps) {
    if (find(update, id, from) !== from + gap) return false;
    from += gap + id.length;
  }
  return find(update, id, from) < 0;
}

function find(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0];
  for (let at = from; at + wanted.length <= bytes.length; at += 1) {
    if (bytes[at] !== first) continue;
    let length = 1;
    while (length < wanted.length && bytes[at + length] === wanted[length]) length += 1;
    if (length === wanted.length) return at;
  }
  return -1;
}
