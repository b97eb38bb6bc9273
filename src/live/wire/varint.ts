import { Refused } from './refusal.js';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Reads what the wire is made of. Every method throws `Refused` rather than read beyond the end. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  byte(): number {
    if (this.at >= this.end) throw new Refused('MALFORMED', 'It ends too soon.');
    const value = this.bytes[this.at] ?? 0;
    this.at += 1;
    return value;
  }

  /** Unsigned LEB128 in its shortest form, at most 2^53-1. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 1; ; count += 1) {
      const byte = this.byte();
      // The eighth byte may hold four bits: 7 × 7 + 4 = 53.
      if (count === 8 && byte > 15) throw new Refused('MALFORMED', 'A number is greater than 2^53-1.');
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (byte === 0 && count > 1) throw new Refused('MALFORMED', 'A number is longer than it need be.');
        return value;
      }
      scale *= 128;
    }
  }

  /** A number in a range; `what` begins the sentence that refuses another. */
  within(least: number, most: number, what: string): number {
    const value = this.varint();
    if (value < least || value > most) throw new Refused('LIMIT', `${what} is ${value}, not ${least} to ${most}.`);
    return value;
  }

  /** So many bytes as they lie there, not copied. */
  take(length: number): Uint8Array {
    this.skip(length);
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): void {
    if (length > this.left)
      throw new Refused('MALFORMED', `It says ${length} bytes follow, and there are ${this.left}.`);
    this.at += length;
  }

  /** Bytes behind their length. */
  block(most = Number.MAX_SAFE_INTEGER): Uint8Array {
    const length = this.varint();
    if (length > most) throw new Refused('LIMIT', `${length} bytes are more than ${most}.`);
    return this.take(length);
  }

  text(): string {
    const bytes = this.block();
    try {
      return strict.decode(bytes);
    } catch {
      throw new Refused('MALFORMED', 'A text is not valid UTF-8.');
    }
  }

  word(): number {
    const low = this.byte() | (this.byte() << 8);
    return (low | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  /** Refuses what is left over. */
  finish(): void {
    if (this.left > 0) throw new Refused('MALFORMED', `${this.left} bytes are left over.`);
  }
}

/** Puts together what the wire is made of. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far; good until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes `from` to `to` of others. */
  part(bytes: Uint8Array, from: number, to: number): void {
    // Byte by byte when they are few: a view would cost more.
    if (to - from > 64) {
      this.raw(bytes.subarray(from, to));
      return;
    }
    this.#room(to - from);
    for (let at = from; at < to; at += 1) this.#bytes[this.#length + at - from] = bytes[at] ?? 0;
    this.#length += to - from;
  }

  block(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    this.block(encoder.encode(text));
  }

  word(value: number): void {
    this.raw(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.view());
    this.#bytes = larger;
  }
}
