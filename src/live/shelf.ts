import { Column } from './column.js';
import type { EpochId } from './ids.js';
import { SEQ_LIMIT } from './wire/fields.js';
import { readOperation, type WireOperation } from './wire/operation-codec.js';
import { Refused } from './wire/refusal.js';
import { Reader } from './wire/varint.js';

/** The operations of one author as bytes, one behind the other. */
export class Shelf {
  readonly #epoch: EpochId;
  readonly #ends = new Column((length) => new Uint32Array(length));
  #bytes = new Uint8Array(64);

  constructor(epoch: EpochId) {
    this.#epoch = epoch;
  }

  /** How many operations it holds. */
  get count(): number {
    return this.#ends.length;
  }

  /** All of them, and more behind; what holds one never changes, but goes elsewhere. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** By seq - 1 where each ends. */
  get ends(): Uint32Array {
    return this.#ends.numbers;
  }

  endOf(seq: number): number {
    return this.#ends.at(seq - 1);
  }

  /** One of the bytes of an operation, the first if not told otherwise. */
  byte(seq: number, at = 0): number {
    return this.#bytes[this.#ends.at(seq - 2) + at] ?? 0;
  }

  read(seq: number): WireOperation {
    return readOperation(new Reader(this.#bytes, this.endOf(seq - 1), this.endOf(seq)), this.#epoch);
  }

  /** The last of the operations from `first` on that together take at most so many bytes; at least `first`. */
  lastWithin(first: number, last: number, bytes: number): number {
    const most = this.endOf(first - 1) + bytes;
    let low = first;
    let high = last;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.endOf(middle) <= most) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whether operation `seq` is just these bytes. */
  is(seq: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.endOf(seq - 1);
    if (this.endOf(seq) - start !== to - from) return false;
    for (let at = from; at < to; at += 1) if (this.#bytes[start + at - from] !== bytes[at]) return false;
    return true;
  }

  /** Makes room for so many operations more, of so many bytes. */
  reserve(more: number, bytes: number): void {
    this.#ends.reserve(more);
    this.#makeRoom(Math.min(this.endOf(this.count) + bytes, SEQ_LIMIT));
  }

  /** Copies what may become the next operation to where it will stay, and reads there. @throws Refused */
  stage(bytes: Uint8Array, from: number, to: number): Reader {
    const start = this.endOf(this.count);
    if (this.count >= SEQ_LIMIT || start + to - from > SEQ_LIMIT)
      throw new Refused('LIMIT', 'Its author has too many operations.');
    this.put(bytes, from, to, start);
    return new Reader(this.#bytes, start, start + to - from);
  }

  /** Copies bytes to behind the last operation, or in front of the end of what was pushed before them. */
  put(bytes: Uint8Array, from: number, to: number, start: number): void {
    this.#makeRoom(start + to - from);
    // Byte by byte when they are few: a view would cost more.
    if (to - from > 64) this.#bytes.set(bytes.subarray(from, to), start);
    else for (let at = from; at < to; at += 1) this.#bytes[start + at - from] = bytes[at] ?? 0;
  }

  /** Counts the bytes up to `end` as the next operation. */
  push(end: number): void {
    this.#ends.push(end);
  }

  #makeRoom(length: number): void {
    if (length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(length, Math.min(this.#bytes.length * 2, SEQ_LIMIT)));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
