import { Column } from './column.js';
import { ERASED, ERASES_ON, FURTHER, GOES_ON, kindOf, RUN, TYPED } from './wire/operation-codec.js';
import { charactersBytes } from './wire/stroke-codec.js';

/** No entry holds more operations, so that one is found in it soon. */
const LONGEST = 1024;
/** Strokes that do nothing but go on, without their text. */
const TYPES_ON: Uint8Array = Uint8Array.of(GOES_ON);
const ERASES: Uint8Array = Uint8Array.of(ERASES_ON);

/**
 * Operations of one replica, one after the other, as bytes. An entry is one of them; or a stroke of one character, and those that do nothing but go on from it by one more each. What strokes
 * type lies apart from the rest, so that it can be read at once.
 */
export class Shelf {
  /** By entry: of how many operations it is the end, and where its bytes end. */
  readonly #lasts = new Column((length) => new Uint32Array(length));
  readonly #headEnds = new Column((length) => new Uint32Array(length));
  readonly #textEnds = new Column((length) => new Uint32Array(length));
  #heads: Uint8Array = new Uint8Array(64);
  #texts: Uint8Array = new Uint8Array(64);
  /** Whether the last entry is a stroke of one character, and which. */
  #open: number | undefined;

  /** How many operations it holds. */
  get count(): number {
    return this.lastOf(this.entries - 1);
  }

  get entries(): number {
    return this.#lasts.length;
  }

  /** How many bytes it holds. */
  get size(): number {
    return this.headEnd(this.entries - 1) + this.textEnd(this.entries - 1);
  }

  /** All but what is typed, and more behind; what holds an entry never changes, but goes elsewhere. The same with `texts`. */
  get heads(): Uint8Array {
    return this.#heads;
  }

  /** What is typed, as UTF-8. */
  get texts(): Uint8Array {
    return this.#texts;
  }

  /** The entry that holds the operation `seq`, counted from 1. */
  entryOf(seq: number): number {
    let high = this.entries - 1;
    let low = seq > this.lastOf(high - 1) ? high : 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lastOf(middle) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  firstOf(entry: number): number {
    return this.lastOf(entry - 1) + 1;
  }

  lastOf(entry: number): number {
    return this.#lasts.at(entry);
  }

  headStart(entry: number): number {
    return this.#headEnds.at(entry - 1);
  }

  headEnd(entry: number): number {
    return this.#headEnds.at(entry);
  }

  textEnd(entry: number): number {
    return this.#textEnds.at(entry);
  }

  /** The first byte of an entry's first operation. */
  headAt(entry: number): number {
    return this.#heads[this.headStart(entry)] ?? 0;
  }

  /** Where the text of an entry's operation begins that comes after `skip` others. */
  textAt(entry: number, skip: number): number {
    const start = this.#textEnds.at(entry - 1);
    const end = this.#textEnds.at(entry);
    const count = this.lastOf(entry) - this.lastOf(entry - 1);
    if (skip === 0 || start === end) return start;
    if (skip === count) return end;
    if (end - start === count) return start + skip;
    let at = start;
    for (let left = skip; left > 0; left -= 1) at += charactersBytes(this.#texts[at] ?? 0);
    return at;
  }

  /** Makes room for so many entries more, of so many bytes. */
  reserve(entries: number, heads: number, texts: number): void {
    for (const column of [this.#lasts, this.#headEnds, this.#textEnds]) column.reserve(entries);
    this.#heads = withRoom(this.#heads, this.headEnd(this.entries - 1), heads);
    this.#texts = withRoom(this.#texts, this.textEnd(this.entries - 1), texts);
  }

  /** Adds an operation that types nothing: `bytes` from `from` to `to`. */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.#put(bytes, from, to, bytes, 0, 0, 1);
  }

  /** Adds `count` strokes that type a character each, or one that types: `bytes` from `from` to `to` are the first without its text, those from `to` on its text and that of the others. */
  type(bytes: Uint8Array, from: number, to: number, start: number, end: number, count: number): void {
    let at = start;
    for (let rest = count; rest > 0;) {
      const some = Math.min(rest, LONGEST);
      let next = at;
      if (some === rest) next = end;
      else for (let left = some; left > 0; left -= 1) next += charactersBytes(bytes[next] ?? 0);
      if (at === start) this.#put(bytes, from, to, bytes, at, next, some);
      else this.#put(TYPES_ON, 0, 1, bytes, at, next, some);
      at = next;
      rest -= some;
    }
  }

  /** Adds so many operations of an entry of another, without the first `skip`. Returns whether they are an entry of their own. */
  append(other: Shelf, entry: number, skip: number, count: number): boolean {
    const start = other.textAt(entry, skip);
    const end = other.textAt(entry, skip + count);
    if (skip === 0)
      return this.#put(other.#heads, other.headStart(entry), other.headEnd(entry), other.#texts, start, end, count);
    return this.#put(other.#headOf(entry, skip), 0, 1, other.#texts, start, end, count);
  }

  #put(
    bytes: Uint8Array,
    from: number,
    to: number,
    texts: Uint8Array,
    start: number,
    end: number,
    count: number,
  ): boolean {
    const kind = kindOf(bytes[from] ?? 0);
    // That it is a run in a message is said by how many there are.
    const head = (bytes[from] ?? 0) & (kind === TYPED ? ~RUN : 255);
    const isOne =
      kind === TYPED
        ? count > 1 || end - start === charactersBytes(texts[start] ?? 0)
        : kind === ERASED && (head & FURTHER) === 0;
    const last = this.entries - 1;
    const textAt = this.textEnd(last);
    this.#texts = withRoom(this.#texts, textAt, end - start);
    copyInto(this.#texts, textAt, texts, start, end);
    if (isOne && (head === GOES_ON || head === ERASES_ON) && this.#goesOn(kind, count)) {
      this.#lasts.set(last, this.lastOf(last) + count);
      this.#textEnds.set(last, textAt + end - start);
      return false;
    }
    const headAt = this.headEnd(last);
    this.#heads = withRoom(this.#heads, headAt, to - from);
    copyInto(this.#heads, headAt, bytes, from, to);
    this.#heads[headAt] = head;
    this.#lasts.push(this.count + count);
    this.#headEnds.push(headAt + to - from);
    this.#textEnds.push(textAt + end - start);
    this.#open = isOne ? kind : undefined;
    return true;
  }

  /** Whether so many more strokes can go on in the last entry. */
  #goesOn(kind: number, count: number): boolean {
    const last = this.entries - 1;
    return this.#open === kind && this.lastOf(last) - this.lastOf(last - 1) + count <= LONGEST;
  }

  /** The last of those from `first` on up to `last` that are to go into one message of about so many bytes. */
  lastWithin(first: number, last: number, bytes: number): number {
    const begin = this.entryOf(first);
    const most = this.headStart(begin) + this.textAt(begin, 0) + bytes;
    let low = begin;
    let high = this.entryOf(last);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.headEnd(middle) + this.textEnd(middle) <= most) low = middle;
      else high = middle - 1;
    }
    return Math.min(last, this.lastOf(low));
  }

  /** The operations behind the first `skip`, by themselves. */
  without(skip: number): Shelf {
    const rest = new Shelf();
    if (skip >= this.count) return rest;
    let entry = this.entryOf(skip + 1);
    rest.reserve(
      this.entries - entry,
      this.headEnd(this.entries - 1) - this.headStart(entry),
      this.textEnd(this.entries - 1) - this.textAt(entry, 0),
    );
    for (let taken = skip; entry < this.entries; entry += 1) {
      rest.append(this, entry, taken - this.lastOf(entry - 1), this.lastOf(entry) - taken);
      taken = this.lastOf(entry);
    }
    return rest;
  }

  /** How many operations from `seq` on are the same as those of another from `otherSeq` on; at least those of both entries are compared. */
  sameFrom(seq: number, other: Shelf, otherSeq: number): number {
    const entry = this.entryOf(seq);
    const otherEntry = other.entryOf(otherSeq);
    const skip = seq - this.firstOf(entry);
    const otherSkip = otherSeq - other.firstOf(otherEntry);
    const count = Math.min(this.lastOf(entry) - seq, other.lastOf(otherEntry) - otherSeq) + 1;
    const kind = kindOf(this.headAt(entry));
    if (
      kind !== kindOf(other.headAt(otherEntry)) ||
      !sameBytes(this.#headOf(entry, skip), other.#headOf(otherEntry, otherSkip))
    )
      return 0;
    if (kind !== TYPED) return count;
    const start = this.textAt(entry, skip);
    const otherStart = other.textAt(otherEntry, otherSkip);
    if (count === 1) {
      const end = this.textAt(entry, skip + 1);
      const otherEnd = other.textAt(otherEntry, otherSkip + 1);
      return sameBytes(this.#texts.subarray(start, end), other.#texts.subarray(otherStart, otherEnd)) ? 1 : 0;
    }
    // Of one character each: as many as begin alike.
    let same = 0;
    for (let at = 0; same < count; same += 1)
      for (const next = at + charactersBytes(this.#texts[start + at] ?? 0); at < next; at += 1)
        if (this.#texts[start + at] !== other.#texts[otherStart + at]) return same;
    return same;
  }

  #headOf(entry: number, skip: number): Uint8Array {
    if (skip === 0) return this.#heads.subarray(this.headStart(entry), this.headEnd(entry));
    return kindOf(this.headAt(entry)) === TYPED ? TYPES_ON : ERASES;
  }

  /** Whether the operations of another are the first of these behind `skip`. */
  beginsWith(skip: number, other: Shelf, otherSkip: number): boolean {
    const offset = otherSkip - skip;
    if (other.count - otherSkip > this.count - skip) return false;
    for (let at = otherSkip; at < other.count;) {
      const same = this.sameFrom(at - offset + 1, other, at + 1);
      if (same === 0) return false;
      at += same;
    }
    return true;
  }
}

/** Bytes that hold the first `length` of these, and so many more. */
function withRoom(bytes: Uint8Array, length: number, more: number): Uint8Array {
  if (length + more <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(length + more, bytes.length * 2));
  larger.set(bytes.subarray(0, length));
  return larger;
}

function copyInto(target: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): void {
  // Byte by byte when they are few: a view would cost more.
  if (to - from > 64) target.set(bytes.subarray(from, to), at);
  else for (let next = from; next < to; next += 1) target[at + next - from] = bytes[next] ?? 0;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
