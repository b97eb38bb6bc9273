import { LiveError } from './errors.js';
import { compareStamps, type ReplicaId, type Vector, type Version } from './ids.js';
import { readEpochId, readVector, writeEpochId, writeVector } from './wire/fields.js';
import { isRefusal, refusing } from './wire/refusal.js';
import { Reader, Writer } from './wire/varint.js';

const FORMAT = 1;

/** A version as bytes to hand about. @throws LiveError ARGUMENT_INVALID */
export function encodeVersion(version: Version): Uint8Array {
  const writer = new Writer();
  writer.byte(FORMAT);
  writeEpochId(writer, version.epoch);
  writeVector(writer, version.vector);
  return writer.view();
}

/** @throws LiveError ARGUMENT_INVALID */
export function decodeVersion(bytes: Uint8Array): Version {
  const reader = new Reader(bytes);
  if (bytes[0] !== FORMAT)
    throw new LiveError('ARGUMENT_INVALID', 'These bytes are no version, or one of another format.');
  const version = refusing(() => {
    reader.byte();
    const read = { epoch: readEpochId(reader), vector: readVector(reader) };
    reader.finish();
    return read;
  });
  if (isRefusal(version)) throw new LiveError('ARGUMENT_INVALID', `These bytes are no version: ${version.message}`);
  return version;
}

/** A version in either form. @throws LiveError ARGUMENT_INVALID */
export function toVersion(version: Version | Uint8Array): Version {
  return version instanceof Uint8Array ? decodeVersion(version) : version;
}

/** Whether `a` has all of `b`. */
export function covers(a: Vector, b: Vector): boolean {
  for (const [replica, seq] of b) if (seq > (a.get(replica) ?? 0)) return false;
  return true;
}

export function sameVector(a: Vector, b: Vector): boolean {
  return covers(a, b) && covers(b, a);
}

export function sameVersion(a: Version, b: Version): boolean {
  return compareStamps(a.epoch, b.epoch) === 0 && sameVector(a.vector, b.vector);
}

/** What either has. */
export function union(a: Vector, b: Vector): Vector {
  const both = new Map(a);
  for (const [replica, seq] of b) both.set(replica, Math.max(seq, a.get(replica) ?? 0));
  return both;
}

/** What both have. */
export function intersection(a: Vector, b: Vector): Vector {
  const both = new Map<ReplicaId, number>();
  for (const [replica, seq] of a) {
    const common = Math.min(seq, b.get(replica) ?? 0);
    if (common > 0) both.set(replica, common);
  }
  return both;
}

/** Seqs of one replica: those after `after`, up to `upTo`. */
export interface Span {
  readonly replica: ReplicaId;
  readonly after: number;
  readonly upTo: number;
}

/** What `a` has beyond `b`, ordered by replica. */
export function beyond(a: Vector, b: Vector): Span[] {
  return Array.from(a, ([replica, upTo]) => ({ replica, after: b.get(replica) ?? 0, upTo }))
    .filter(({ after, upTo }) => upTo > after)
    .sort((one, other) => one.replica - other.replica);
}
