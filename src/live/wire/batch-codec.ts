import type { EpochId, ReplicaId } from '../ids.js';
import { readEpochId, readReplica, readSeq, SEQ_LIMIT, writeEpochId, writeReplica } from './fields.js';
import { GOES_ON, isRun, readOperation, RUN, typedTextAt } from './operation-codec.js';
import { Refused } from './refusal.js';
import { charactersBytes, type Utf8 } from './stroke-codec.js';
import { lengthOfVarint, Writer, type Reader } from './varint.js';

/** Operations of one replica in one epoch, one after the other, as bytes: what they refer to is known only in causal order. */
export interface Batch {
  readonly epoch: EpochId;
  readonly replica: ReplicaId;
  /** The seq of the first. */
  readonly first: number;
  /** All of them. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` each ends. */
  readonly ends: Uint32Array;
}

/** Checks all that can be seen in the bytes alone. What it gives may lie in the reader's bytes. */
export function readBatch(reader: Reader): Batch {
  const epoch = readEpochId(reader);
  const replica = readReplica(reader);
  const first = readSeq(reader);
  // Each takes a byte at least, those of a run as well.
  const count = reader.within(1, reader.left, 'The number of operations');
  if (first + count - 1 > SEQ_LIMIT) throw new Refused('LIMIT', `A seq is greater than ${SEQ_LIMIT}.`);
  return { epoch, replica, first, ...readOperations(reader, epoch, count) };
}

/** Operations one by one, whether they come as runs or not. */
function readOperations(reader: Reader, epoch: EpochId, count: number): Pick<Batch, 'bytes' | 'ends'> {
  const ends = new Uint32Array(count);
  let apart: Writer | undefined;
  let copied = reader.at;
  const start = copied;
  for (let at = 0; at < count;) {
    const from = reader.at;
    const head = reader.byte();
    if (!isRun(head)) {
      readOperation(reader, epoch, head);
      ends[at] = (apart?.length ?? 0) + reader.at - copied;
      at += 1;
      continue;
    }
    const { action } = readOperation(reader, epoch, head & ~RUN);
    if (action.kind !== 'typed') throw new Refused('MALFORMED', 'A run is of something else than typing.');
    apart ??= new Writer((reader.end - start) * 3);
    apart.raw(reader.bytes.subarray(copied, from));
    copied = reader.at;
    at = takeApart(apart, reader.bytes, from, action.text, ends, at);
  }
  if (apart === undefined) return { bytes: reader.bytes.subarray(start, reader.at), ends };
  apart.raw(reader.bytes.subarray(copied, reader.at));
  return { bytes: apart.view(), ends };
}

/** Makes an operation of each character of a run. Returns the number of operations then. */
function takeApart(
  writer: Writer,
  bytes: Uint8Array,
  from: number,
  { start, end }: Utf8,
  ends: Uint32Array,
  index: number,
): number {
  let count = index;
  for (let at = start; at < end; count += 1) {
    if (count >= ends.length) throw new Refused('MALFORMED', 'A run is longer than all operations.');
    writer.byte(count === index ? (bytes[from] ?? 0) & ~RUN : GOES_ON);
    if (count === index) writer.raw(bytes.subarray(from + 1, start - lengthOfVarint(end - start)));
    const length = charactersBytes(bytes[at] ?? 0);
    writer.byte(length);
    for (const next = at + length; at < next; at += 1) writer.byte(bytes[at] ?? 0);
    ends[count] = writer.length;
  }
  if (count - index < 2) throw new Refused('MALFORMED', 'A run is of one character.');
  return count;
}

/** The payload of a message of the operations `first` to `last`; the one with seq n ends in `bytes` at `ends[n - 1]`. */
export function writeBatch(
  epoch: EpochId,
  replica: ReplicaId,
  first: number,
  last: number,
  bytes: Uint8Array,
  ends: Uint32Array,
): Uint8Array {
  const start = ends[first - 2] ?? 0;
  const writer = new Writer((ends[last - 1] ?? start) - start + 32);
  writeEpochId(writer, epoch);
  writeReplica(writer, replica);
  writer.varint(first);
  writer.varint(last - first + 1);
  let copied = start;
  for (let seq = first; seq <= last;) {
    const from = ends[seq - 2] ?? 0;
    const text = characterIn(bytes, from);
    const next = text === undefined ? seq + 1 : endOfRun(bytes, ends, seq, last) + 1;
    if (text !== undefined && next > seq + 1) {
      writer.raw(bytes.subarray(copied, from));
      writer.byte((bytes[from] ?? 0) | RUN);
      writer.raw(bytes.subarray(from + 1, text));
      copied = ends[next - 2] ?? 0;
      // Of the text of each but the first a head and a length is left out.
      writer.varint(copied - text - 1 - 2 * (next - seq - 1));
      for (let at = text + 1, of = seq; of < next; of += 1, at += 2)
        for (; at < (ends[of - 1] ?? 0); at += 1) writer.byte(bytes[at] ?? 0);
    }
    seq = next;
  }
  writer.raw(bytes.subarray(copied, ends[last - 1]));
  return writer.view();
}

/** The last of those that go on from an operation that types a character, each with one more. */
function endOfRun(bytes: Uint8Array, ends: Uint32Array, seq: number, last: number): number {
  let end = seq;
  for (; end < last; end += 1) {
    const from = ends[end - 1] ?? 0;
    if (bytes[from] !== GOES_ON || characterIn(bytes, from) === undefined) break;
  }
  return end;
}

/** Where the length of the text stands of an operation that types one character; `undefined` for every other. */
function characterIn(bytes: Uint8Array, from: number): number | undefined {
  const at = bytes[from] === GOES_ON ? from + 1 : typedTextAt(bytes, from);
  return at !== undefined && bytes[at] === charactersBytes(bytes[at + 1] ?? 0) ? at : undefined;
}
