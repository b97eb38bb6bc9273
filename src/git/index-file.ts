import { createHash } from 'node:crypto';
import { MizerError } from '../model/errors.js';
import type { TreePath } from '../model/tree-path.js';

/*
 * gitformat-index(5), big-endian throughout:
 *
 *   file      = "DIRC" version:u32 (2, 3 or 4)  count:u32  entry*  extension*  hash of all that precedes it
 *   entry     = ctime:u32 ctime-ns:u32 mtime:u32 mtime-ns:u32 dev:u32 ino:u32 mode:u32 uid:u32 gid:u32 size:u32
 *               oid (20 or 32 bytes)  flags:u16  [version 3 and later, if the extended bit is set: more-flags:u16]  name
 *   flags     = assume-valid:1 extended:1 stage:2 name-length:12
 *   name      = version 2, 3: bytes, then 1 to 8 NUL so that the entry's length is a multiple of 8
 *               version 4: N (offset encoding, the bytes to drop from the end of the previous name), bytes, NUL
 *   extension = signature (4 bytes)  size:u32  data
 *   EOIE      = offset of the first extension:u32, hash over the signatures and sizes of all extensions before it
 */
const headerLength = 12;
const oidOffset = 40;
const modeOffset = 24;
const extendedBit = 0x4000;

export interface IndexExtension {
  readonly signature: string;
  readonly data: Buffer;
}

/** A git index as it lies in memory: its entries are read in place. */
export interface IndexFile {
  readonly bytes: Buffer;
  readonly count: number;
  readonly version: number;
  readonly hash: 'sha1' | 'sha256';
  /** Where the entries end and the extensions begin. */
  readonly entriesEnd: number;
  readonly extensions: readonly IndexExtension[];
}

function hashLength(hash: IndexFile['hash']): number {
  return hash === 'sha1' ? 20 : 32;
}

function corrupt(what: string): MizerError {
  return new MizerError('E_INDEX_CORRUPT', `The git index cannot be read: ${what}.`, {
    hint: 'Run `git fsck` and `git status`; `git read-tree HEAD` after deleting the index makes a new one.',
  });
}

/**
 * Reads an index.
 * @throws MizerError `E_INDEX_CORRUPT`, also for versions that nobody has defined yet
 */
export function parseIndex(bytes: Buffer, hash: IndexFile['hash']): IndexFile {
  const trailer = bytes.length - hashLength(hash);
  if (trailer < headerLength || bytes.toString('latin1', 0, 4) !== 'DIRC') throw corrupt('it has no header');
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) throw corrupt(`version ${version} is not known`);
  // git leaves the hash zero where `index.skipHash` is set.
  const unchecked = bytes.subarray(trailer).every((byte) => byte === 0);
  if (!unchecked && !digest(hash, [bytes.subarray(0, trailer)]).equals(bytes.subarray(trailer))) {
    throw corrupt('its hash does not match');
  }
  const head = { bytes, count: bytes.readUInt32BE(8), version, hash };
  const entriesEnd = eachEntry(head, () => undefined);
  return { ...head, entriesEnd, extensions: readExtensions(bytes, entriesEnd, trailer) };
}

function digest(hash: IndexFile['hash'], parts: readonly Uint8Array[]): Buffer {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return state.digest();
}

function readExtensions(bytes: Buffer, start: number, trailer: number): readonly IndexExtension[] {
  const extensions: IndexExtension[] = [];
  let at = start;
  while (at < trailer) {
    const size = at + 8 <= trailer ? bytes.readUInt32BE(at + 4) : Infinity;
    if (at + 8 + size > trailer) throw corrupt('an extension is cut off');
    extensions.push({ signature: bytes.toString('latin1', at, at + 4), data: bytes.subarray(at + 8, at + 8 + size) });
    at += 8 + size;
  }
  return extensions;
}

/** Calls `visit` with each entry's path and where the entry begins, in order; answers with where the last one ends. */
export function eachEntry(
  index: Pick<IndexFile, 'bytes' | 'count' | 'version' | 'hash'>,
  visit: (path: TreePath, offset: number) => void,
): number {
  const { bytes, count, version } = index;
  const fixed = oidOffset + hashLength(index.hash) + 2;
  let at = headerLength;
  let previous = '';
  for (let left = count; left > 0; left -= 1) {
    if (at + fixed >= bytes.length) throw corrupt('an entry is cut off');
    const extended = (bytes.readUInt16BE(at + fixed - 2) & extendedBit) !== 0;
    let nameStart = at + fixed + (extended ? 2 : 0);
    let kept = '';
    if (version === 4) {
      const [dropped, after] = readOffset(bytes, nameStart);
      if (dropped > previous.length) throw corrupt('a name is cut off');
      kept = previous.slice(0, previous.length - dropped);
      nameStart = after;
    }
    const nameEnd = bytes.indexOf(0, nameStart);
    if (nameEnd < 0) throw corrupt('a name has no end');
    const path = kept + bytes.toString('latin1', nameStart, nameEnd);
    visit(path, at);
    previous = path;
    at = version === 4 ? nameEnd + 1 : at + ((nameEnd - at + 8) & ~7);
  }
  return at;
}

/** The variable width integer of pack offsets and index version 4: seven bits a byte, each continuation adding one. */
function readOffset(bytes: Buffer, start: number): readonly [value: number, after: number] {
  let at = start;
  let byte = bytes[at++] ?? 0;
  let value = byte & 127;
  while ((byte & 128) !== 0) {
    byte = bytes[at++] ?? 0;
    value = (value + 1) * 128 + (byte & 127);
  }
  return [value, at];
}

function writeOffset(value: number): Buffer {
  const bytes = [value & 127];
  let rest = value >>> 7;
  while (rest > 0) {
    rest -= 1;
    bytes.unshift(128 | (rest & 127));
    rest >>>= 7;
  }
  return Buffer.from(bytes);
}

/** The index with these extensions instead of its own, hashes made anew. Entries are taken from `entries` (default: as they are). */
export function withExtensions(
  index: IndexFile,
  extensions: readonly IndexExtension[],
  entries: Buffer = index.bytes.subarray(0, index.entriesEnd),
): Buffer {
  const parts: Buffer[] = [entries];
  const heads: Buffer[] = [];
  for (const { signature, data } of extensions) {
    const isEnd = signature === 'EOIE';
    const content = isEnd ? Buffer.concat([data.subarray(0, 4), digest(index.hash, heads)]) : data;
    const head = Buffer.alloc(8, signature, 'latin1');
    head.writeUInt32BE(content.length, 4);
    heads.push(head);
    parts.push(head, content);
  }
  return Buffer.concat([...parts, digest(index.hash, parts)]);
}

/** The index without what git remembers of a file system monitor and of untracked files: what holds for one place only. */
export function withoutCaches(index: IndexFile): Buffer {
  return withExtensions(index, ownExtensions(index));
}

function ownExtensions(index: IndexFile): readonly IndexExtension[] {
  return index.extensions.filter(({ signature }) => signature !== 'FSMN' && signature !== 'UNTR');
}

/** What an index keeps of a file's `lstat`. Times in nanoseconds since 1970. */
export interface FileStat {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: number;
  readonly dev: number;
  readonly uid: number;
  readonly gid: number;
}

const billion = 1_000_000_000n;

function readTime(bytes: Buffer, at: number): bigint {
  return BigInt(bytes.readUInt32BE(at)) * billion + BigInt(bytes.readUInt32BE(at + 4));
}

function writeTime(bytes: Buffer, at: number, time: bigint): void {
  const seconds = time / billion;
  bytes.writeUInt32BE(Number(BigInt.asUintN(32, seconds)), at);
  bytes.writeUInt32BE(Number(time - seconds * billion), at + 4);
}

/** Whether the entry at `offset` says that the file is the one with this `lstat`, by the fields git compares, all exactly. */
function describes(bytes: Buffer, offset: number, stat: FileStat): boolean {
  return (
    bytes.readUInt32BE(offset + 36) === stat.size % 2 ** 32 &&
    bytes.readUInt32BE(offset + 20) === stat.ino % 2 ** 32 &&
    readTime(bytes, offset + 8) === stat.mtimeNs &&
    readTime(bytes, offset) === stat.ctimeNs &&
    bytes.readUInt32BE(offset + 28) === stat.uid &&
    bytes.readUInt32BE(offset + 32) === stat.gid
  );
}

function describe(bytes: Buffer, offset: number, stat: FileStat): void {
  writeTime(bytes, offset, stat.ctimeNs);
  writeTime(bytes, offset + 8, stat.mtimeNs);
  bytes.writeUInt32BE(stat.dev % 2 ** 32, offset + 16);
  bytes.writeUInt32BE(stat.ino % 2 ** 32, offset + 20);
  bytes.writeUInt32BE(stat.uid, offset + 28);
  bytes.writeUInt32BE(stat.gid, offset + 32);
  bytes.writeUInt32BE(stat.size % 2 ** 32, offset + 36);
}

/** How far apart two writes must be to have times that differ: a tick of the kernel; two seconds where only whole ones are kept. */
function grainOf(timeNs: bigint): bigint {
  return timeNs % billion === 0n ? 2n * billion : 20_000_000n;
}

export interface RestatOptions {
  /** The file in the host view as it was when the layer's copy of it was made; `undefined`: none, or nothing is known of it. */
  readonly host: (path: TreePath) => FileStat | undefined;
  /** The layer's copy. */
  readonly layer: (path: TreePath) => FileStat | undefined;
  /**
   * When the index was written. An entry that is not surely older is not believed ("racy git"): a second write of the same size within
   * one tick of the file system's clock would leave the same times.
   */
  readonly indexMtimeNs: bigint;
}

export interface RestatResult {
  readonly bytes: Buffer;
  /** Paths of the index that are in the layer, in order. */
  readonly present: readonly TreePath[];
  /** How many entries carry over; git will look into the others' files. */
  readonly clean: number;
}

/**
 * The host's index made right for a layer: where the entry describes the host's file, and so git holds the file for unmodified, it is made
 * to describe the layer's copy, whose content is the same; everywhere else it describes nothing, so that git looks itself.
 * Nothing but these fields and the caches of `withoutCaches` changes.
 */
export function restat(index: IndexFile, options: RestatOptions): RestatResult {
  const entries = Buffer.from(index.bytes.subarray(0, index.entriesEnd));
  const present: TreePath[] = [];
  let clean = 0;
  eachEntry(index, (path, offset) => {
    const layer = options.layer(path);
    if (layer !== undefined) present.push(path);
    const host = options.host(path);
    const old = host !== undefined && host.mtimeNs + grainOf(host.mtimeNs) < options.indexMtimeNs;
    if (layer !== undefined && old && describes(entries, offset, host)) {
      describe(entries, offset, layer);
      clean += 1;
    } else {
      entries.fill(0, offset, offset + modeOffset);
      entries.fill(0, offset + modeOffset + 4, offset + oidOffset);
    }
  });
  return { bytes: withExtensions(index, ownExtensions(index), entries), present, clean };
}

/**
 * The index with its untracked cache said to have been made for the work tree at `workTree`: git believes it only there. The extension
 * begins with the length (offset encoding) of a list of NUL-terminated texts, of which git has written one: `Location PATH, system NAME`.
 */
export function relocateUntrackedCache(index: IndexFile, workTree: string): Buffer {
  const extensions = index.extensions.map((extension) => {
    if (extension.signature !== 'UNTR') return extension;
    const [length, start] = readOffset(extension.data, 0);
    const ident = extension.data.toString('latin1', start, start + length);
    const system = /, system ([^\0]*)\0$/.exec(ident)?.[1] ?? '';
    const place = Buffer.from(`Location ${workTree}, system ${system}\0`);
    return {
      ...extension,
      data: Buffer.concat([writeOffset(place.length), place, extension.data.subarray(start + length)]),
    };
  });
  return withExtensions(index, extensions);
}

/**
 * A digest of what an index says apart from what it remembers of files and directories on disk: paths, modes, objects, stages and the bits
 * a person sets (assume-unchanged, skip-worktree, intent-to-add). Two indexes with the same one mean the same.
 */
export function meaningOf(index: IndexFile): string {
  const { bytes } = index;
  const state = createHash('sha1');
  const oidEnd = oidOffset + hashLength(index.hash);
  let names: TreePath[] = [];
  eachEntry(index, (path, offset) => {
    const flags = bytes.readUInt16BE(offset + oidEnd);
    const more = (flags & extendedBit) === 0 ? 0 : bytes.readUInt16BE(offset + oidEnd + 2);
    names.push(`${bytes.readUInt32BE(offset + modeOffset)} ${flags & 0xb000} ${more} ${path}\0`);
    names.push(bytes.toString('latin1', offset + oidOffset, offset + oidEnd));
    if (names.length > 1000) {
      state.update(names.join(''), 'latin1');
      names = [];
    }
  });
  return state.update(names.join(''), 'latin1').digest('hex');
}
