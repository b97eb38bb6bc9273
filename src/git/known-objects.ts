import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Oid } from './oid.js';
import { OidTable } from './oid-table.js';

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
  readonly #added = new OidTable('set');

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
