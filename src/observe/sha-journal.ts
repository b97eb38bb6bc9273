import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { TreePath } from '../model/tree-path.js';
import type { Hashed } from './hash-file.js';
import type { Shadow } from './shadow.js';

/**
 * What was hashed so far, a line a file, so that an interrupted `sha` need not read it again: the id of the file's record, sizes and
 * hashes, the path as a JSON string of its byte string. The branch itself moves only when all is done.
 */
export class ShaJournal {
  readonly #file: string;
  readonly #known = new Map<string, Hashed>();
  readonly #descriptor: number;

  constructor(shadow: Shadow) {
    this.#file = join(shadow.gitDir, 'fso/sha-journal');
    for (const line of linesOf(this.#file)) this.#read(line);
    this.#descriptor = openSync(this.#file, 'a', 0o600);
    // The last line may be torn.
    if (this.#known.size > 0) writeSync(this.#descriptor, '\n');
  }

  #read(line: string): void {
    const [, record, size = '', sha1 = '', sha256 = '', path] =
      /^([0-9a-f]{40}) ([0-9]+) ([0-9a-f]{40}) ([0-9a-f]{64}) (".*")$/s.exec(line) ?? [];
    if (record === undefined || path === undefined) return;
    this.#known.set(`${record} ${path}`, { kind: 'done', size: BigInt(size), sha1, sha256, fresh: false });
  }

  /** The hashes of a path that had this record. */
  find(record: string, path: TreePath): Hashed | undefined {
    return this.#known.size === 0 ? undefined : this.#known.get(`${record} ${JSON.stringify(path)}`);
  }

  /** Notes a file; one that is fresh is read again anyway. */
  note(record: string, path: TreePath, { size, sha1, sha256, fresh }: Hashed): void {
    if (fresh) return;
    writeSync(this.#descriptor, `${record} ${size} ${sha1} ${sha256} ${JSON.stringify(path)}\n`, null, 'utf8');
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** All of it is in the branch. */
  remove(): void {
    rmSync(this.#file, { force: true });
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
