import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomic } from '../disk/atomic.js';
import { objectId, type Oid } from '../git/oid.js';
import { OidTable } from '../git/oid-table.js';

/** `MZDM`, and the version of what keys are made of. */
const magic = Uint32Array.of(0x4d5a444d, 1);
const headerBytes = 8;

/**
 * Remembers which tree came of what was found in a directory, by a hash of all that goes into the tree. So of a directory in which nothing
 * changed no record is made, nor looked for. Only saves work: without the file, or with an old one, everything comes out the same.
 */
export class DirectoryMemo {
  readonly #path: string;
  readonly #has: (tree: Oid) => boolean;
  readonly #old: OidTable;
  readonly #new = new OidTable('map');

  /** @param has whether the repository has a tree, and so all that is in it */
  constructor(gitDir: string, has: (tree: Oid) => boolean) {
    this.#has = has;
    this.#path = join(gitDir, 'fso/directory-memo');
    this.#old = new OidTable('map', read(this.#path));
  }

  /** @param contents all that the directory's tree depends on */
  key(contents: string): Oid {
    return objectId('blob', contents);
  }

  get(key: Oid): Oid | undefined {
    const tree = this.#old.get(key);
    return tree !== undefined && this.#has(tree) ? tree : undefined;
  }

  set(key: Oid, tree: Oid): void {
    this.#new.add(key, tree);
  }

  /** Keeps what was set, and nothing else. */
  save(): Promise<void> {
    const words = this.#new.entries();
    const bytes = Buffer.concat([
      Buffer.from(magic.buffer),
      Buffer.from(words.buffer, words.byteOffset, words.byteLength),
    ]);
    return writeAtomic(this.#path, bytes, { flush: false });
  }
}

function read(path: string): Uint32Array<ArrayBuffer> | undefined {
  try {
    const bytes = readFileSync(path);
    const slots = (bytes.length - headerBytes) / 40;
    if (!Number.isInteger(slots) || slots < 0 || bytes.compare(Buffer.from(magic.buffer), 0, 8, 0, 8) !== 0)
      return undefined;
    return new Uint32Array(Uint8Array.from(bytes.subarray(headerBytes)).buffer);
  } catch {
    return undefined;
  }
}
