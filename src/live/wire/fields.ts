import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { compareStamps, type EpochId, type Oid, type OperationId, type ReplicaId, type Vector } from '../ids.js';
import { nameFault, nameFromBytes, nameToBytes } from '../names.js';
import { LiveError } from '../errors.js';
import { Refused } from './refusal.js';
import type { Reader, Writer } from './varint.js';

/** No time is greater, so that none ever reaches where numbers lose their ones. */
export const TIME_LIMIT = 2 ** 52;
/** How far ahead of all its author had seen a time may be: who would wear out the clocks has to send 2^24 operations. */
export const TIME_JUMP = 2 ** 28;
/** Of operations, and of the bytes of one author's in an epoch. */
export const SEQ_LIMIT = 2 ** 31 - 1;
const REPLICA_LIMIT = 2 ** 32 - 1;
const PATH_LIMIT = 65_535;

export function readReplica(reader: Reader): ReplicaId {
  const replica = reader.word();
  if (replica === 0) throw new Refused('REFERENCE_INVALID', 'No replica has the number 0.');
  return replica;
}

export function readSeq(reader: Reader): number {
  return reader.within(1, SEQ_LIMIT, 'A seq');
}

export function readOperationId(reader: Reader): OperationId {
  return { replica: readReplica(reader), seq: readSeq(reader) };
}

export function writeOperationId(writer: Writer, id: OperationId): void {
  writeReplica(writer, id.replica);
  writeNumber(writer, id.seq, 1, SEQ_LIMIT, 'A seq');
}

export function readEpochId(reader: Reader): EpochId {
  return { time: reader.within(1, TIME_LIMIT, 'A time'), replica: readReplica(reader) };
}

/** An epoch's id that must be before `limit`. */
export function readOlderEpochId(reader: Reader, limit: EpochId): EpochId {
  const id = readEpochId(reader);
  if (compareStamps(id, limit) >= 0)
    throw new Refused('REFERENCE_INVALID', `Epoch ${nameOfEpoch(id)} is not older than ${nameOfEpoch(limit)}.`);
  return id;
}

export function nameOfEpoch(id: EpochId): string {
  return `${id.time}.${id.replica}`;
}

export function writeReplica(writer: Writer, replica: ReplicaId): void {
  check(replica, 1, REPLICA_LIMIT, 'A replica');
  writer.word(replica);
}

export function writeEpochId(writer: Writer, id: EpochId): void {
  writeNumber(writer, id.time, 1, TIME_LIMIT, 'A time');
  writeReplica(writer, id.replica);
}

export function writeNumber(writer: Writer, value: number, least: number, most: number, what: string): void {
  check(value, least, most, what);
  writer.varint(value);
}

function check(value: number, least: number, most: number, what: string): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new LiveError('ARGUMENT_INVALID', `${what} is ${value}, not an integer from ${least} to ${most}.`);
}

export function readVector(reader: Reader): Vector {
  const vector = new Map<ReplicaId, number>();
  let last = 0;
  for (let count = reader.within(0, Math.floor(reader.left / 5), 'The length of a vector'); count > 0; count -= 1) {
    const { replica, seq } = readOperationId(reader);
    if (replica <= last) throw new Refused('MALFORMED', 'A vector is not ordered by replica.');
    vector.set(replica, seq);
    last = replica;
  }
  return vector;
}

/** Replicas with nothing are left out. */
export function writeVector(writer: Writer, vector: Vector): void {
  const held = [...vector].filter(([, seq]) => seq !== 0).sort(([a], [b]) => a - b);
  writer.varint(held.length);
  for (const [replica, seq] of held) writeOperationId(writer, { replica, seq });
}

export function readOid(reader: Reader): Oid | null {
  const length = reader.byte();
  if (length === 0) return null;
  if (length !== 20 && length !== 32) throw new Refused('MALFORMED', `An object id has no ${length} bytes.`);
  return bytesToHex(reader.take(length));
}

export function writeOid(writer: Writer, oid: Oid | null): void {
  if (oid === null) {
    writer.byte(0);
    return;
  }
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(oid))
    throw new LiveError('ARGUMENT_INVALID', `${JSON.stringify(oid)} is no object id.`);
  writer.block(hexToBytes(oid));
}

export function readName(reader: Reader): string {
  const name = nameFromBytes(reader.block(PATH_LIMIT));
  refuseName(name);
  return name;
}

function refuseName(name: string): void {
  const fault = nameFault(name);
  if (fault !== undefined) throw new Refused('NAME_INVALID', `${JSON.stringify(name)} is no name: ${fault}.`);
}

/** The root is the empty path. */
export function readPath(reader: Reader): string {
  const path = nameFromBytes(reader.block(PATH_LIMIT));
  if (path !== '') for (const part of path.split('/')) refuseName(part);
  return path;
}

/** Of a name or a path; what of it git could not hold is refused by the reader. */
export function writePath(writer: Writer, path: string): void {
  const bytes = nameToBytes(path);
  if (nameFromBytes(bytes) !== path)
    throw new LiveError('NAME_INVALID', `${JSON.stringify(path)} does not stand for the bytes of a path.`);
  writer.block(bytes);
}
