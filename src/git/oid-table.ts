import type { Oid } from './oid.js';

const keyWords = 5;
const valueWords = 5;

/**
 * Ids, each with another id or with nothing, in one array of words: a `Map` of a million strings takes some hundred megabytes. An id whose
 * first eight bytes are zero cannot be kept; none occurs.
 */
export class OidTable {
  /** Words a slot takes. */
  readonly #stride: number;
  #words: Uint32Array<ArrayBuffer>;
  #size = 0;

  /** @param entries of another table of this kind */
  constructor(kind: 'set' | 'map', entries = new Uint32Array()) {
    this.#stride = kind === 'set' ? keyWords : keyWords + valueWords;
    const [count, least] = [entries.length / this.#stride, 1024];
    this.#words = new Uint32Array(this.#stride * Math.max(least, 2 * Math.ceil(count)));
    for (let at = 0; at + this.#stride <= entries.length; at += this.#stride) this.#copy(entries, at);
  }

  /** All that is in it, to be handed to the constructor of another. */
  entries(): Uint32Array<ArrayBuffer> {
    const entries = new Uint32Array(this.#size * this.#stride);
    let end = 0;
    for (let slot = 0; slot < this.#words.length; slot += this.#stride) {
      if (!this.#isTaken(slot)) continue;
      entries.set(this.#words.subarray(slot, slot + this.#stride), end);
      end += this.#stride;
    }
    return entries;
  }

  has(key: Oid): boolean {
    return this.#isTaken(this.#find(key));
  }

  /** The id that was set with `key`, in a map. */
  get(key: Oid): Oid | undefined {
    const slot = this.#find(key);
    if (!this.#isTaken(slot)) return undefined;
    let value = '';
    for (let index = slot + keyWords; index < slot + this.#stride; index += 1) {
      const word = this.#words[index]!;
      value += String.fromCharCode(word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff);
    }
    return value;
  }

  /** @returns whether `key` was not there */
  add(key: Oid, value?: Oid): boolean {
    const slot = this.#find(key);
    const isNew = !this.#isTaken(slot);
    if (isNew) {
      for (let index = 0; index < keyWords; index += 1) this.#words[slot + index] = wordOf(key, 4 * index);
      this.#size += 1;
    }
    if (value !== undefined) {
      for (let index = 0; index < valueWords; index += 1) {
        this.#words[slot + keyWords + index] = wordOf(value, 4 * index);
      }
    }
    if (this.#size * this.#stride * 3 > this.#words.length * 2) this.#grow();
    return isNew;
  }

  #isTaken(slot: number): boolean {
    return this.#words[slot] !== 0 || this.#words[slot + 1] !== 0;
  }

  /** The key's slot, or the free one where it would be. */
  #find(key: Oid): number {
    return this.#place(wordOf(key, 0), wordOf(key, 4), wordOf(key, 8), wordOf(key, 12), wordOf(key, 16));
  }

  #place(a: number, b: number, c: number, d: number, e: number): number {
    const words = this.#words;
    const stride = this.#stride;
    for (
      let slot = stride * (a % (words.length / stride));
      ;
      slot = slot + stride === words.length ? 0 : slot + stride
    ) {
      if (words[slot] === 0 && words[slot + 1] === 0) return slot;
      const isKey =
        words[slot] === a &&
        words[slot + 1] === b &&
        words[slot + 2] === c &&
        words[slot + 3] === d &&
        words[slot + 4] === e;
      if (isKey) return slot;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(2 * old.length);
    this.#size = 0;
    for (let at = 0; at < old.length; at += this.#stride) this.#copy(old, at);
  }

  /** Takes the slot at `at` of another table, if anything is there. */
  #copy(from: Uint32Array, at: number): void {
    if (from[at] === 0 && from[at + 1] === 0) return;
    const slot = this.#place(from[at]!, from[at + 1]!, from[at + 2]!, from[at + 3]!, from[at + 4]!);
    if (!this.#isTaken(slot)) this.#size += 1;
    this.#words.set(from.subarray(at, at + this.#stride), slot);
  }
}

function wordOf(oid: Oid, at: number): number {
  return (
    ((oid.charCodeAt(at) << 24) |
      (oid.charCodeAt(at + 1) << 16) |
      (oid.charCodeAt(at + 2) << 8) |
      oid.charCodeAt(at + 3)) >>>
    0
  );
}
