import type { Entry, Kind } from './entry.js';
import type { TreePath } from './tree-path.js';

/** 32-bit words a row takes: mtime, ctime, size, inode (two words each), device, links, kind and mode, end of the path. */
export const ROW_WORDS = 12;
const MTIME = 0;
const SIZE = 4;
const DEV = 8;
const NLINK = 9;
const KIND_MODE = 10;
const PATH_END = 11;
const KINDS: readonly Kind[] = ['file', 'directory', 'symlink', 'other'];

/** The same rows under the three number types they are made of. */
interface Rows {
  readonly words: Uint32Array;
  readonly floats: Float64Array;
  readonly times: BigInt64Array;
}

function viewsOf(buffer: ArrayBuffer): Rows {
  return { words: new Uint32Array(buffer), floats: new Float64Array(buffer), times: new BigInt64Array(buffer) };
}

/** A row's words, its path's end excepted. */
function writeRow(rows: Rows, index: number, entry: Entry): void {
  const half = index * (ROW_WORDS / 2);
  rows.times[half] = entry.mtimeNs;
  rows.times[half + 1] = entry.ctimeNs;
  rows.floats[half + 2] = entry.size;
  rows.floats[half + 3] = entry.ino;
  const at = index * ROW_WORDS;
  rows.words[at + DEV] = entry.dev;
  rows.words[at + NLINK] = entry.nlink;
  rows.words[at + KIND_MODE] = (KINDS.indexOf(entry.kind) << 16) | entry.mode;
}

/**
 * The entries of a tree, its root excepted, ordered by the bytes of their full paths (`/` sorts as its byte, so `a-b` comes before
 * `a/b`). 48 bytes and the path for each: rows of numbers in one buffer, all paths in one string. Never changes.
 */
export class Manifest {
  readonly length: number;
  readonly #rows: Rows;
  readonly #text: string;

  /** `words` holds `ROW_WORDS` a row and begins at its buffer's start; `text` is the paths one after the other. Made by a builder or a decoder. */
  constructor(words: Uint32Array<ArrayBuffer>, text: string) {
    this.length = words.length / ROW_WORDS;
    this.#rows = viewsOf(words.buffer);
    this.#text = text;
  }

  /** The rows as they are stored, for the codec and for patches. */
  get words(): Uint32Array {
    return this.#rows.words;
  }

  /** All paths, one after the other, for the codec and for patches. */
  get text(): string {
    return this.#text;
  }

  /** Where the path of row `index` begins in `text`; for `length` the end of the text. */
  textStart(index: number): number {
    return index === 0 ? 0 : (this.#rows.words[(index - 1) * ROW_WORDS + PATH_END] ?? 0);
  }

  /** The path of row `index`. */
  path(index: number): TreePath {
    return this.#text.slice(this.textStart(index), this.textStart(index + 1));
  }

  kind(index: number): Kind {
    return KINDS[(this.#rows.words[index * ROW_WORDS + KIND_MODE] ?? 0) >>> 16] ?? 'other';
  }

  /** How many names the file of row `index` has. */
  nlink(index: number): number {
    return this.#rows.words[index * ROW_WORDS + NLINK] ?? 0;
  }

  inode(index: number): number {
    return this.#rows.floats[index * (ROW_WORDS / 2) + 3] ?? 0;
  }

  /** Row `index` in full. @throws RangeError when there is no such row */
  entry(index: number): Entry {
    if (!(index >= 0 && index < this.length)) throw new RangeError(`no entry ${index} in a manifest of ${this.length}`);
    const { words, floats, times } = this.#rows;
    const at = index * ROW_WORDS;
    const half = at / 2;
    return {
      path: this.path(index),
      kind: this.kind(index),
      mode: (words[at + KIND_MODE] ?? 0) & 0xffff,
      size: floats[half + 2] ?? 0,
      mtimeNs: times[half] ?? 0n,
      ctimeNs: times[half + 1] ?? 0n,
      ino: floats[half + 3] ?? 0,
      dev: words[at + DEV] ?? 0,
      nlink: words[at + NLINK] ?? 0,
    };
  }

  /** The row of `path`, or -1. */
  find(path: TreePath): number {
    const index = this.lowerBound(path);
    return index < this.length && this.path(index) === path ? index : -1;
  }

  /** The entry at `path`, if there is one. */
  get(path: TreePath): Entry | undefined {
    const index = this.find(path);
    return index < 0 ? undefined : this.entry(index);
  }

  /** The rows `[start, end)` of what lies below `directory`, itself excepted; all rows for the root. */
  below(directory: TreePath): { readonly start: number; readonly end: number } {
    if (directory === '') return { start: 0, end: this.length };
    // '0' is the byte after '/': everything below lies between the two.
    return { start: this.lowerBound(`${directory}/`), end: this.lowerBound(`${directory}0`) };
  }

  /** The first row whose path is not less than `path`. */
  lowerBound(path: TreePath): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.path(middle) < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All entries in order, or those of the rows `[start, end)`. */
  *entries(start = 0, end: number = this.length): Generator<Entry, void, undefined> {
    for (let index = start; index < end; index += 1) yield this.entry(index);
  }

  /** Order of this path `index` and `other`'s path `otherIndex`: negative, zero or positive. */
  comparePaths(index: number, other: Manifest, otherIndex: number): number {
    const start = this.textStart(index);
    const otherStart = other.textStart(otherIndex);
    const length = this.textStart(index + 1) - start;
    const otherLength = other.textStart(otherIndex + 1) - otherStart;
    const shared = Math.min(length, otherLength);
    for (let at = 0; at < shared; at += 1) {
      const difference = this.#text.charCodeAt(start + at) - other.#text.charCodeAt(otherStart + at);
      if (difference !== 0) return difference;
    }
    return length - otherLength;
  }

  /** Whether two rows say the same of kind, mode, size and mtime: all that a faithful copy keeps. */
  sameShape(index: number, other: Manifest, otherIndex: number): boolean {
    const { words } = this.#rows;
    const at = index * ROW_WORDS;
    const otherAt = otherIndex * ROW_WORDS;
    return [MTIME, MTIME + 1, SIZE, SIZE + 1, KIND_MODE].every(
      (word) => words[at + word] === other.#rows.words[otherAt + word],
    );
  }

  /** Whether two rows say the same of kind, mode, size, mtime, ctime and inode. Device and link count are not looked at. */
  sameState(index: number, other: Manifest, otherIndex: number): boolean {
    const { words } = this.#rows;
    const at = index * ROW_WORDS;
    const otherAt = otherIndex * ROW_WORDS;
    for (let word = 0; word < DEV; word += 1) {
      if (words[at + word] !== other.#rows.words[otherAt + word]) return false;
    }
    return words[at + KIND_MODE] === other.#rows.words[otherAt + KIND_MODE];
  }

  /** Whether two rows say the same of everything but the path. */
  sameRow(index: number, other: Manifest, otherIndex: number): boolean {
    const { words } = other.#rows;
    const at = index * ROW_WORDS;
    const otherAt = otherIndex * ROW_WORDS;
    return this.#rows.words.subarray(at, at + PATH_END).every((word, place) => word === words[otherAt + place]);
  }
}

/** Collects entries into a manifest. Adding them in order spares a sort; of two with one path the later is kept. */
export class ManifestBuilder {
  #rows: Rows;
  #paths: TreePath[] = [];
  #ordered = true;

  constructor(expected = 1024) {
    this.#rows = viewsOf(new ArrayBuffer(Math.max(1, expected) * ROW_WORDS * 4));
  }

  get length(): number {
    return this.#paths.length;
  }

  add(entry: Entry): void {
    const index = this.#paths.length;
    if ((index + 1) * ROW_WORDS > this.#rows.words.length) {
      const larger = viewsOf(new ArrayBuffer(this.#rows.words.byteLength * 2));
      larger.words.set(this.#rows.words);
      this.#rows = larger;
    }
    const last = this.#paths[index - 1];
    if (last !== undefined && !(last < entry.path)) this.#ordered = false;
    writeRow(this.#rows, index, entry);
    this.#paths.push(entry.path);
  }

  build(): Manifest {
    const { words } = this.#rows;
    let paths = this.#paths;
    let rows = words.slice(0, paths.length * ROW_WORDS);
    if (!this.#ordered) {
      const order = inOrder(paths);
      paths = order.map((index) => this.#paths[index] ?? '');
      rows = new Uint32Array(order.length * ROW_WORDS);
      order.forEach((from, to) => rows.set(words.subarray(from * ROW_WORDS, (from + 1) * ROW_WORDS), to * ROW_WORDS));
    }
    let end = 0;
    paths.forEach((path, index) => {
      end += path.length;
      rows[index * ROW_WORDS + PATH_END] = end;
    });
    return new Manifest(rows, paths.join(''));
  }
}

/** Indexes into `paths` by path, the last of equal ones only. */
function inOrder(paths: readonly TreePath[]): number[] {
  const latest = new Map(paths.map((path, index) => [path, index]));
  return [...latest].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, index]) => index);
}

/** A manifest of these entries, in any order. */
export function manifestOf(entries: Iterable<Entry>): Manifest {
  const builder = new ManifestBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.build();
}

/** What becomes of a manifest: first what is removed goes, with all below it, then what is put comes. */
export interface Patch {
  readonly put: readonly Entry[];
  readonly remove: readonly TreePath[];
}

/**
 * `manifest` with some entries other than they were; the cost is one copy of the rows, and of the paths where there are others: none when
 * all is as it was. An entry put replaces the one of its path, and when it is no directory all that was below it goes.
 */
export function patch(manifest: Manifest, { put, remove }: Patch): Manifest {
  if (put.length === 0 && remove.length === 0) return manifest;
  const fresh = manifestOf(put);
  return (
    (remove.length === 0 ? withRows(manifest, fresh, put) : undefined) ?? withPaths(manifest, fresh, { put, remove })
  );
}

/** The usual case, files that were edited: the paths stay, and are not copied. @returns `undefined` where they do not stay */
function withRows(manifest: Manifest, fresh: Manifest, put: readonly Entry[]): Manifest | undefined {
  const places = Array.from({ length: fresh.length }, (_, row) => manifest.find(fresh.path(row)));
  const uproots = ({ path, kind }: Entry): boolean => {
    const { start, end } = manifest.below(path);
    return kind !== 'directory' && start !== end;
  };
  if (places.includes(-1) || put.some(uproots)) return undefined;
  if (places.every((place, row) => fresh.sameRow(row, manifest, place))) return manifest;
  const words = new Uint32Array(manifest.words);
  places.forEach((place, row) => {
    const at = row * ROW_WORDS;
    words.set(fresh.words.subarray(at, at + PATH_END), place * ROW_WORDS);
  });
  return new Manifest(words, manifest.text);
}

function withPaths(manifest: Manifest, fresh: Manifest, { put, remove }: Patch): Manifest {
  const gone = new Uint8Array(manifest.length);
  const drop = (path: TreePath, self: boolean, below: boolean): void => {
    const index = self ? manifest.find(path) : -1;
    if (index >= 0) gone[index] = 1;
    if (!below) return;
    const { start, end } = manifest.below(path);
    gone.fill(1, start, end);
  };
  for (const path of remove) drop(path, true, true);
  for (const entry of put) drop(entry.path, true, entry.kind !== 'directory');
  return merge(manifest, gone, fresh);
}

/** The rows of `old` that are not `gone` and those of `fresh`, no path in both, in order. Runs of old rows are copied whole. */
function merge(old: Manifest, gone: Uint8Array, fresh: Manifest): Manifest {
  const kept = gone.reduce((count, flag) => count - flag, old.length);
  const rows = new Uint32Array((kept + fresh.length) * ROW_WORDS);
  const texts: string[] = [];
  let length = 0;
  let textLength = 0;
  const take = (from: Manifest, start: number, end: number): void => {
    if (start === end) return;
    rows.set(from.words.subarray(start * ROW_WORDS, end * ROW_WORDS), length * ROW_WORDS);
    const shift = textLength - from.textStart(start);
    for (let row = length; row < length + end - start; row += 1) {
      const at = row * ROW_WORDS + PATH_END;
      rows[at] = (rows[at] ?? 0) + shift;
    }
    texts.push(from.text.slice(from.textStart(start), from.textStart(end)));
    length += end - start;
    textLength += from.textStart(end) - from.textStart(start);
  };
  let at = 0;
  const takeOldUntil = (limit: number): void => {
    while (at < limit) {
      let end = at;
      while (end < limit && gone[end] === 0) end += 1;
      take(old, at, end);
      at = end;
      while (at < limit && gone[at] === 1) at += 1;
    }
  };
  for (let index = 0; index < fresh.length; index += 1) {
    takeOldUntil(old.lowerBound(fresh.path(index)));
    take(fresh, index, index + 1);
  }
  takeOldUntil(old.length);
  return new Manifest(rows, texts.join(''));
}
