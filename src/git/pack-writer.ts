import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { isPidTaken, writeError } from '../disk/atomic.js';
import { writeDelta } from './delta.js';
import { KnownObjects } from './known-objects.js';
import { objectId, type ObjectType, type Oid } from './oid.js';
import { git } from './run.js';
import { writeSmallDeflate } from './small-deflate.js';

const typeNumbers = { commit: 1, tree: 2, blob: 3 } as const;
const offsetDelta = 6;
const headerBytes = 12;
const trailerBytes = 20;
const chunkBytes = 1024 * 1024;
/** Longer blobs are no records: zlib does better. */
const small = 1024;
/** Where setting up zlib's tables takes longer than what they are for. */
const short = 16_384;
const quick = { windowBits: 13, memLevel: 6 } as const;
/** A base is used so often at most, so that the way back to it stays short in bytes. */
const uses = 300;
const PREFIX = 'tmp_mizer_';
const hour = 3_600_000;

interface Base {
  readonly content: string;
  readonly offset: number;
  left: number;
}

/** Packs of writers in this process that are not finished. */
const open = new Set<string>();

/**
 * Writes new objects of a repository as one pack. Nothing of it is seen before `finish`, and until a ref leads there it does no harm. A
 * blob is a delta of an earlier one of its family where that is shorter; the bases are whole, so reading takes two steps at most.
 */
export class PackWriter {
  readonly #gitDir: string;
  readonly #known: KnownObjects;
  readonly #path: string;
  readonly #bases = new Map<string, Base>();
  readonly #buffer = Buffer.allocUnsafe(chunkBytes);
  readonly #delta = new Uint8Array(2 * small);
  #used = 0;
  /** Where `#buffer` begins in the file. */
  #written = 0;
  #count = 0;
  #fd: number | undefined;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
    this.#known = new KnownObjects(gitDir);
    this.#path = join(gitDir, 'objects/pack', `${PREFIX}${process.pid}_${randomBytes(6).toString('hex')}.pack`);
  }

  /** How many objects are new. */
  get count(): number {
    return this.#count;
  }

  /** Whether the repository has an object or will have it. Of what is loose it does not know. */
  has(oid: Oid): boolean {
    return this.#known.has(oid);
  }

  /**
   * Sees to it that the repository will have a blob.
   * @param content a byte string, or bytes
   * @param family blobs of one family are much alike, such as records of files
   * @throws MizerError `E_DISK_FULL`, `E_WRITE_FAILED`
   */
  blob(content: string | Buffer, family = ''): Oid {
    const oid = objectId('blob', content);
    if (!this.#known.add(oid)) return oid;
    this.#count += 1;
    if (typeof content === 'string' && content.length < small && content.length > 0) this.#smallBlob(content, family);
    else this.#deflated('blob', typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
    return oid;
  }

  /** The same for a tree. @param content of the object, a byte string */
  tree(content: string): Oid {
    const oid = objectId('tree', content);
    if (!this.#known.add(oid)) return oid;
    this.#count += 1;
    this.#deflated('tree', Buffer.from(content, 'latin1'));
    return oid;
  }

  /** Puts the pack in its place, with everything in it on the disk. Nothing when there is nothing new. @throws MizerError */
  async finish(): Promise<void> {
    if (this.#fd === undefined) return;
    this.#seal(this.#fd);
    const index = this.#path.replace(/pack$/, 'idx');
    const { stdout } = await git(
      ['-c', 'pack.writeReverseIndex=false', `--git-dir=${this.#gitDir}`, 'index-pack', '-o', index, this.#path],
      { cwd: this.#gitDir },
    );
    const directory = join(this.#gitDir, 'objects/pack');
    const name = join(directory, `pack-${/[0-9a-f]{40}/.exec(stdout.toString('latin1'))?.[0] ?? ''}`);
    // A pack counts as there when its index is: so the index comes last.
    renameSync(this.#path, `${name}.pack`);
    renameSync(index, `${name}.idx`);
    open.delete(this.#path);
    const fd = openSync(directory, 'r');
    fsyncSync(fd);
    closeSync(fd);
    this.#fd = undefined;
  }

  /** Throws away what is not finished. */
  abandon(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.#path, { force: true });
    rmSync(this.#path.replace(/pack$/, 'idx'), { force: true });
    open.delete(this.#path);
  }

  #smallBlob(content: string, family: string): void {
    this.#reserve(2 * small);
    const base = this.#bases.get(family);
    if (base !== undefined && base.left > 0) {
      base.left -= 1;
      const length = writeDelta(base.content, content, this.#delta);
      if (length + 3 <= 0.8 * content.length) {
        const offset = this.#written + this.#used;
        this.#header(offsetDelta, length);
        this.#distance(offset - base.offset);
        this.#used = writeSmallDeflate(this.#delta, length, this.#buffer, this.#used);
        return;
      }
    }
    this.#bases.set(family, { content, offset: this.#written + this.#used, left: uses });
    this.#header(typeNumbers.blob, content.length);
    for (let index = 0; index < content.length; index += 1) this.#delta[index] = content.charCodeAt(index);
    this.#used = writeSmallDeflate(this.#delta, content.length, this.#buffer, this.#used);
  }

  #deflated(type: ObjectType, content: Buffer): void {
    const bytes = content.length < short ? deflateSync(content, quick) : deflateSync(content);
    this.#reserve(32);
    this.#header(typeNumbers[type], content.length);
    for (let done = 0; done < bytes.length;) {
      this.#reserve(1);
      const part = bytes.copy(this.#buffer, this.#used, done);
      this.#used += part;
      done += part;
    }
  }

  /** Type and size; gitformat-pack(5). */
  #header(type: number, size: number): void {
    let byte = (type << 4) | (size & 0x0f);
    for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
      this.#buffer[this.#used++] = byte | 0x80;
      byte = rest % 128;
    }
    this.#buffer[this.#used++] = byte;
  }

  #distance(distance: number): void {
    const bytes = [distance % 128];
    for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
      rest -= 1;
      bytes.unshift(0x80 | (rest % 128));
    }
    for (const byte of bytes) this.#buffer[this.#used++] = byte;
  }

  #reserve(bytes: number): void {
    if (this.#fd === undefined) {
      open.add(this.#path);
      this.#fd = this.#guard(() => openSync(this.#path, 'wx+', 0o444));
      this.#used = headerBytes;
    }
    if (this.#used + bytes > this.#buffer.length) this.#flush(this.#fd);
  }

  #flush(fd: number): void {
    this.#guard(() => {
      for (let done = 0; done < this.#used;) done += writeSync(fd, this.#buffer, done, this.#used - done);
    });
    this.#written += this.#used;
    this.#used = 0;
  }

  /** Only now the number of objects is known, which stands first; so the checksum reads all of it once more. */
  #seal(fd: number): void {
    this.#flush(fd);
    const header = Buffer.alloc(headerBytes);
    header.write('PACK');
    header.writeUInt32BE(2, 4);
    header.writeUInt32BE(this.#count, 8);
    this.#guard(() => {
      writeSync(fd, header, 0, headerBytes, 0);
      const sum = createHash('sha1');
      for (let at = 0; at < this.#written;) {
        const read = readSync(fd, this.#buffer, 0, this.#buffer.length, at);
        sum.update(this.#buffer.subarray(0, read));
        at += read;
      }
      writeSync(fd, sum.digest(), 0, trailerBytes, this.#written);
      fsyncSync(fd);
      closeSync(fd);
    });
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }
}

/** Removes what writers left that were ended before they finished. */
export function removeUnfinishedPacks(gitDir: string): void {
  const directory = join(gitDir, 'objects/pack');
  const names = readdirSync(directory);
  const there = new Set(names);
  for (const name of names) {
    const path = join(directory, name);
    const writer = /^tmp_mizer_(\d+)_[0-9a-f]+\.(?:pack|idx)$/.exec(name)?.[1];
    const isLost =
      writer === undefined
        ? /^pack-.*\.pack$/.test(name) && !there.has(name.replace(/pack$/, 'idx')) && ageOf(path) > hour
        : !open.has(path.replace(/idx$/, 'pack')) && (Number(writer) === process.pid || !isPidTaken(Number(writer)));
    if (isLost) rmSync(path, { force: true });
  }
}

function ageOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 0 : Date.now() - stats.mtimeMs;
}
