import { sameBytes } from './git-object.js';
import { ERASED, ERASES_ON, FURTHER, GOES_ON, kindOf, RUN, TYPED } from './wire/operation-codec.js';
import { charactersBytes } from './wire/stroke-codec.js';

/** No entry holds more operations, so that one is found in it soon. */
const LONGEST = 1024;
/** Numbers for each entry. */
const ENDS = 3;
const NO_BYTES = new Uint8Array();
/** Strokes that do nothing but go on, without their text. */
const TYPES_ON: Uint8Array = Uint8Array.of(GOES_ON);
const ERASES: Uint8Array = Uint8Array.of(ERASES_ON);

/**
 * Operations of one replica, one after the other, as bytes. An entry is one of them; or a stroke of one character, and those that do nothing but go on from it by one more each. What strokes
 * type lies apart from the rest, so that it can be read at once.
 */
export class Shelf {
  /**
   * For each entry three: of how many operations it is the end, and where its bytes end in `heads` and in `texts`. In front stand three for none: a look before
   * the beginning would be slow. (One array and not three, as there is a shelf for each message.)
   */
  #ends = new Uint32Array(2 * ENDS);
  #entries = 0;
  #heads: Uint8Array = NO_BYTES;
  #texts: Uint8Array = NO_BYTES;
  /** Whether the last entry is a stroke of one character, and which. */
  #open: number | undefined;

  /** How many operations it holds. */
  get count(): number {
    return this.#ends[this.#entries * ENDS]!;
  }

  get entries(): number {
    return this.#entries;
  }

  /** How many bytes it holds. */
  get size(): number {
    return this.#ends[this.#entries * ENDS + 1]! + this.#ends[this.#entries * ENDS + 2]!;
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
    return this.#ends[(entry + 1) * ENDS]!;
  }

  /** Where the entry behind it begins, too. The same of texts. */
  headEnd(entry: number): number {
    return this.#ends[(entry + 1) * ENDS + 1]!;
  }

  textEnd(entry: number): number {
    return this.#ends[(entry + 1) * ENDS + 2]!;
  }

  /** The first byte of an entry's first operation. */
  headAt(entry: number): number {
    return this.#heads[this.headEnd(entry - 1)] ?? 0;
  }

  /** Where the text of an entry's operation begins that comes after `skip` others. */
  textAt(entry: number, skip: number): number {
    const start = this.#ends[entry * ENDS + 2]!;
    const end = this.#ends[(entry + 1) * ENDS + 2]!;
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
    const length = (this.#entries + 1 + entries) * ENDS;
    if (length > this.#ends.length) {
      const larger = new Uint32Array(Math.max(length, Math.ceil(this.#ends.length * 1.5)));
      larger.set(this.#ends);
      this.#ends = larger;
    }
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
      return this.#put(other.#heads, other.headEnd(entry - 1), other.headEnd(entry), other.#texts, start, end, count);
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
      this.#ends[this.#entries * ENDS]! += count;
      this.#ends[this.#entries * ENDS + 2] = textAt + end - start;
      return false;
    }
    const headAt = this.headEnd(last);
    this.#heads = withRoom(this.#heads, headAt, to - from);
    copyInto(this.#heads, headAt, bytes, from, to);
    this.#heads[headAt] = head;
    const numbers = (this.#entries + 1) * ENDS;
    if (numbers + ENDS > this.#ends.length) this.reserve(1, 0, 0);
    this.#ends[numbers] = this.count + count;
    this.#ends[numbers + 1] = headAt + to - from;
    this.#ends[numbers + 2] = textAt + end - start;
    this.#entries += 1;
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
    const most = this.headEnd(begin - 1) + this.textAt(begin, 0) + bytes;
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
      this.headEnd(this.entries - 1) - this.headEnd(entry - 1),
      this.textEnd(this.entries - 1) - this.textAt(entry, 0),
    );
    for (let taken = skip; entry < this.entries; entry += 1) {
      rest.append(this, entry, taken - this.lastOf(entry - 1), this.lastOf(entry) - taken);
      taken = this.lastOf(entry);
    }
    return rest;
  }

  /** How many operations from `seq` on are the same as those of another from `otherSeq` on; of each an entry at most is looked at. */
  sameFrom(seq: number, other: Shelf, otherSeq: number): number {
    const entry = this.entryOf(seq);
    const otherEntry = other.entryOf(otherSeq);
    const skip = seq - this.firstOf(entry);
    const otherSkip = otherSeq - other.firstOf(otherEntry);
    const left = Math.min(this.lastOf(entry) - seq, other.lastOf(otherEntry) - otherSeq) + 1;
    for (const count of [left, 1])
      if (
        sameBytes(this.#headOf(entry, skip), other.#headOf(otherEntry, otherSkip)) &&
        sameBytes(this.#textOf(entry, skip, count), other.#textOf(otherEntry, otherSkip, count))
      )
        return count;
    return 0;
  }

  #headOf(entry: number, skip: number): Uint8Array {
    if (skip === 0) return this.#heads.subarray(this.headEnd(entry - 1), this.headEnd(entry));
    return kindOf(this.headAt(entry)) === TYPED ? TYPES_ON : ERASES;
  }

  #textOf(entry: number, skip: number, count: number): Uint8Array {
    return this.#texts.subarray(this.textAt(entry, skip), this.textAt(entry, skip + count));
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
