import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Oid } from './oid.js';

const magic = 0xff744f63;
const headerBytes = 8;
const fanBytes = 1024;
const oidBytes = 20;

/** The ids in one pack's index, in order; gitformat-pack(5). */
interface Ids {
  readonly fan: Uint32Array;
  readonly bytes: Buffer;
}

/**
 * Which objects a repository's packs hold, and which were added since. The ids are held in memory: 20 bytes an object, read in a moment.
 * What is loose, or came after, is not known; to write such an object again does no harm.
 */
export class KnownObjects {
  readonly #packs: readonly Ids[];
  #added = new OidSet();

  constructor(gitDir: string) {
    this.#packs = indexesOf(join(gitDir, 'objects/pack')).flatMap((path) => readIds(path) ?? []);
  }

  has(oid: Oid): boolean {
    return this.#packs.some((ids) => holds(ids, oid)) || this.#added.has(oid);
  }

  /** @returns whether it was not known before */
  add(oid: Oid): boolean {
    return !this.#packs.some((ids) => holds(ids, oid)) && this.#added.add(oid);
  }
}

function indexesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name))
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** `undefined` for an index that is gone, since git joins packs, or that is of another version. */
function readIds(path: string): Ids | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const head = Buffer.alloc(headerBytes + fanBytes);
    if (fstatSync(fd).size < head.length || readSync(fd, head, 0, head.length, 0) < head.length) return undefined;
    if (head.readUInt32BE(0) !== magic || head.readUInt32BE(4) !== 2) return undefined;
    const fan = Uint32Array.from({ length: 256 }, (_, index) => head.readUInt32BE(headerBytes + 4 * index));
    const bytes = Buffer.allocUnsafeSlow((fan[255] ?? 0) * oidBytes);
    for (let done = 0; done < bytes.length;) {
      const read = readSync(fd, bytes, done, bytes.length - done, head.length + done);
      if (read === 0) return undefined;
      done += read;
    }
    return { fan, bytes };
  } finally {
    closeSync(fd);
  }
}

function holds({ fan, bytes }: Ids, oid: Oid): boolean {
  const first = oid.charCodeAt(0);
  let low = first === 0 ? 0 : fan[first - 1]!;
  let high = fan[first]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareAt(bytes, middle * oidBytes, oid);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

function compareAt(bytes: Buffer, at: number, oid: Oid): number {
  for (let index = 1; index < oidBytes; index += 1) {
    const difference = bytes[at + index]! - oid.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A set of ids in one table of words, since a `Set` of a million strings takes a hundred megabytes. */
class OidSet {
  #words = new Uint32Array(5 * 1024);
  #slots = 1024;
  #size = 0;

  has(oid: Oid): boolean {
    const slot = this.#find(
      this.#words,
      this.#slots,
      word(oid, 0),
      word(oid, 4),
      word(oid, 8),
      word(oid, 12),
      word(oid, 16),
    );
    return this.#isTaken(this.#words, slot);
  }

  add(oid: Oid): boolean {
    const words: Five = [word(oid, 0), word(oid, 4), word(oid, 8), word(oid, 12), word(oid, 16)];
    const slot = this.#find(this.#words, this.#slots, ...words);
    if (this.#isTaken(this.#words, slot)) return false;
    this.#words.set(words, slot);
    this.#size += 1;
    if (this.#size * 3 > this.#slots * 2) this.#grow();
    return true;
  }

  #isTaken(words: Uint32Array, slot: number): boolean {
    return words[slot] !== 0 || words[slot + 1] !== 0;
  }

  /** The words' place, or the free one where they would be. An id whose first eight bytes are zero does not occur. */
  #find(table: Uint32Array, slots: number, a: number, b: number, c: number, d: number, e: number): number {
    for (let slot = 5 * (a % slots); ; slot = slot + 5 === 5 * slots ? 0 : slot + 5) {
      if (!this.#isTaken(table, slot)) return slot;
      if (
        table[slot] === a &&
        table[slot + 1] === b &&
        table[slot + 2] === c &&
        table[slot + 3] === d &&
        table[slot + 4] === e
      )
        return slot;
    }
  }

  #grow(): void {
    const [old, slots] = [this.#words, this.#slots * 2];
    const words = new Uint32Array(5 * slots);
    for (let at = 0; at < old.length; at += 5) {
      if (!this.#isTaken(old, at)) continue;
      const five = old.subarray(at, at + 5);
      words.set(five, this.#find(words, slots, five[0]!, five[1]!, five[2]!, five[3]!, five[4]!));
    }
    this.#words = words;
    this.#slots = slots;
  }
}

type Five = [number, number, number, number, number];

function word(oid: Oid, at: number): number {
  return (
    ((oid.charCodeAt(at) << 24) |
      (oid.charCodeAt(at + 1) << 16) |
      (oid.charCodeAt(at + 2) << 8) |
      oid.charCodeAt(at + 3)) >>>
    0
  );
}
