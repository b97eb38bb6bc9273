import type { EpochId, ReplicaId } from '../ids.js';
import { Shelf } from '../shelf.js';
import { readEpochId, readReplica, readSeq, SEQ_LIMIT, writeEpochId, writeReplica } from './fields.js';
import {
  ERASED,
  ERASES_ON,
  FURTHER,
  goesOn,
  GOES_ON,
  kindOf,
  readDeps,
  readOperation,
  readStep,
  RUN,
  TYPED,
} from './operation-codec.js';
import { Refused } from './refusal.js';
import { countTyped, StrokePlace } from './stroke-codec.js';
import { Writer, type Reader } from './varint.js';

/** What is being read. */
const place = new StrokePlace();

/** Operations of one replica in one epoch, one after the other, as bytes: what they refer to is known only in causal order. */
export interface Batch {
  readonly epoch: EpochId;
  readonly replica: ReplicaId;
  /** The seq of the first. */
  readonly first: number;
  readonly shelf: Shelf;
}

/** Checks all that can be seen in the bytes alone. What it gives lies in memory of its own. */
export function readBatch(reader: Reader): Batch {
  const epoch = readEpochId(reader);
  const replica = readReplica(reader);
  const first = readSeq(reader);
  // Each takes a byte at least, those of a run as well.
  const count = reader.within(1, reader.left, 'The number of operations');
  if (first + count - 1 > SEQ_LIMIT) throw new Refused('LIMIT', `A seq is greater than ${SEQ_LIMIT}.`);
  return { epoch, replica, first, shelf: readShelf(reader, epoch, count) };
}

/** Reads so many operations. */
export function readShelf(reader: Reader, epoch: EpochId, count: number): Shelf {
  const shelf = new Shelf();
  if (count > 1) shelf.reserve(reader.left >>> 3, reader.left >>> 1, reader.left >>> 1);
  while (shelf.count < count) readEntry(reader, epoch, shelf, count - shelf.count);
  return shelf;
}

/** Reads an operation, or a run of at most so many. */
function readEntry(reader: Reader, epoch: EpochId, shelf: Shelf, most: number): void {
  const from = reader.at;
  const head = reader.byte();
  const kind = kindOf(head);
  const further = (head & FURTHER) !== 0;
  if (kind === TYPED || (kind === ERASED && !(further && goesOn(head)))) {
    readStep(reader, head);
    readDeps(reader, head);
    if (!goesOn(head)) place.read(reader, kind === TYPED, further);
  } else readOperation(reader, epoch, head);
  if (kind !== TYPED) {
    shelf.add(reader.bytes, from, reader.at);
    return;
  }
  const to = reader.at;
  const length = reader.varint();
  const start = reader.at;
  const characters = countTyped(reader, length);
  if (further && characters < 2) throw new Refused('MALFORMED', 'A run is of one character.');
  if (further && characters > most) throw new Refused('MALFORMED', 'A run is longer than all operations.');
  shelf.type(reader.bytes, from, to, start, reader.at, further ? characters : 1);
}

/** The payload of a message of the operations `first` to `last` of a shelf. */
export function writeBatch(epoch: EpochId, replica: ReplicaId, shelf: Shelf, first: number, last: number): Uint8Array {
  const begin = shelf.entryOf(first);
  const end = shelf.entryOf(last);
  const from = shelf.textAt(begin, first - shelf.firstOf(begin));
  const to = shelf.textAt(end, last - shelf.firstOf(end) + 1);
  // About so much: much more than needed is slow for a keystroke, of which there are many.
  const writer = new Writer(to - from + 8 * (end - begin) + 32);
  writeEpochId(writer, epoch);
  writeReplica(writer, replica);
  writer.varint(first);
  writer.varint(last - first + 1);
  for (let entry = begin; entry <= end; entry += 1) {
    const skip = Math.max(first - shelf.firstOf(entry), 0);
    const count = Math.min(last, shelf.lastOf(entry)) - shelf.firstOf(entry) + 1 - skip;
    writeEntry(writer, shelf, entry, skip, count);
  }
  return writer.view();
}

/** Writes so many operations of an entry, without the first `skip`. */
function writeEntry(writer: Writer, shelf: Shelf, entry: number, skip: number, count: number): void {
  const kind = kindOf(shelf.headAt(entry));
  const from = shelf.headEnd(entry - 1);
  if (kind !== TYPED) {
    if (skip === 0) writer.part(shelf.heads, from, shelf.headEnd(entry));
    for (let left = skip === 0 ? count - 1 : count; left > 0; left -= 1) writer.byte(ERASES_ON);
    return;
  }
  writer.byte((skip === 0 ? shelf.headAt(entry) : GOES_ON) | (count > 1 ? RUN : 0));
  if (skip === 0) writer.part(shelf.heads, from + 1, shelf.headEnd(entry));
  const start = shelf.textAt(entry, skip);
  const end = shelf.textAt(entry, skip + count);
  writer.varint(end - start);
  writer.part(shelf.texts, start, end);
}
