import type { EpochId, ReplicaId } from '../ids.js';
import { readEpochId, readReplica, readSeq, SEQ_LIMIT, writeEpochId, writeReplica } from './fields.js';
import { readOperation } from './operation-codec.js';
import { Refused } from './refusal.js';
import { Writer, type Reader } from './varint.js';

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

/** No operation takes fewer bytes. */
const SHORTEST = 2;

/** Checks all that can be seen in the bytes alone. What it gives lies in the reader's bytes. */
export function readBatch(reader: Reader): Batch {
  const epoch = readEpochId(reader);
  const replica = readReplica(reader);
  const first = readSeq(reader);
  const count = reader.within(1, Math.floor(reader.left / SHORTEST), 'The number of operations');
  if (first + count - 1 > SEQ_LIMIT) throw new Refused('LIMIT', `A seq is greater than ${SEQ_LIMIT}.`);
  const start = reader.at;
  const ends = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) {
    readOperation(reader, epoch);
    ends[at] = reader.at - start;
  }
  return { epoch, replica, first, bytes: reader.bytes.subarray(start, reader.at), ends };
}

/** The payload of a message of operations. */
export function writeBatch(
  epoch: EpochId,
  replica: ReplicaId,
  first: number,
  count: number,
  bytes: Uint8Array,
): Uint8Array {
  const writer = new Writer(bytes.length + 32);
  writeEpochId(writer, epoch);
  writeReplica(writer, replica);
  writer.varint(first);
  writer.varint(count);
  writer.raw(bytes);
  return writer.view();
}
