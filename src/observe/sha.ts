import { PackWriter } from '../git/pack-writer.js';
import { fromHex, toHex } from '../git/oid.js';
import { joinPacks } from '../git/repack.js';
import { requireGit } from '../git/run.js';
import { ObjectReader, type TreeEntry } from '../git/tree-reader.js';
import { nameOf, type TreePath } from '../model/tree-path.js';
import { formatRecord, NOGTREE, parseRecord } from './blob.js';
import { isoSeconds, makeCommit, moveBranch } from './commit.js';
import { derivedBase, keepDerivedBase, requireTip } from './derived-base.js';
import { DerivedWalk, type Place, type PlacedEntry } from './derived-walk.js';
import { noteErrors } from './error-notes.js';
import type { HashResult } from './hash-file.js';
import { hashAll, type HashJob, type HashProgress } from './hash-pool.js';
import { HashResults, type Outcome } from './hash-results.js';
import { ShaJournal } from './sha-journal.js';
import type { ObserveError } from './scan.js';
import type { Shadow } from './shadow.js';
import { throwIfAborted, withBranch, type LockOptions } from './shadow-lock.js';
import { fileEntry, linkEntry, sameEntry, treeContent, treeEntry, type SortedEntry } from './stub.js';

export interface ShaProgress extends HashProgress {
  /** Files that are to be read, among them bundles and nested repositories, which then are not. */
  readonly expected: number;
}

export interface ShaOptions extends LockOptions {
  readonly onProgress?: (progress: ShaProgress) => void;
}

export interface ShaResult {
  /** The commit made; absent when nothing changed. */
  readonly commit?: string;
  readonly unchanged: boolean;
  /** Files and bytes that were read. */
  readonly files: number;
  readonly bytes: bigint;
  readonly errors: readonly ObserveError[];
}

/**
 * Brings `master-sha` up to the state of `master-stat`: SHA-1 and SHA-256 of every regular file that is tracked there. A file whose record on
 * `master-stat` is the same as when it was hashed is not read again. One that cannot be read keeps its last record and is tried again the
 * next time; one that is gone has none. The branch moves once, at the end; what was hashed before an interruption is not read again.
 * @throws MizerError `E_SHADOW_BUSY`, `E_SHADOW_HURT`, `E_INTERRUPTED`, `E_BRANCH_MOVED`, `E_DISK_FULL`, `E_WRITE_FAILED`, `E_GIT`
 */
export async function sha(shadow: Shadow, options: ShaOptions = {}): Promise<ShaResult> {
  await requireGit();
  return withBranch(shadow, 'sha', options, async () => {
    const reader = ObjectReader.open(shadow.gitDir);
    const journal = new ShaJournal(shadow);
    try {
      const result = await new Sha(shadow, reader, journal, options).run();
      journal.remove();
      return result;
    } finally {
      journal.close();
      reader.close();
    }
  });
}

/** So many records are asked for in one turn. */
const atOnce = 500;

/** A file to hash, and which of the entries with a record it is. */
interface Job extends HashJob {
  readonly index: number;
  /** Of the file's record. */
  readonly record: string;
}

class Sha {
  readonly #shadow: Shadow;
  readonly #reader: ObjectReader;
  readonly #journal: ShaJournal;
  readonly #options: ShaOptions;
  readonly #results = new HashResults();
  readonly #errors: ObserveError[] = [];
  readonly #again: TreePath[] = [];
  #files = 0;
  #bytes = 0n;

  constructor(shadow: Shadow, reader: ObjectReader, journal: ShaJournal, options: ShaOptions) {
    this.#shadow = shadow;
    this.#reader = reader;
    this.#journal = journal;
    this.#options = options;
  }

  async run(): Promise<ShaResult> {
    const { gitDir, realDirectory } = this.#shadow;
    const [stat, own] = [await requireTip(this.#shadow, 'master-stat'), await requireTip(this.#shadow, 'master-sha')];
    const base = await derivedBase(this.#shadow, 'sha');
    const walk = new DerivedWalk(this.#reader, base?.again ?? []);
    const top = await walk.top(stat, base?.stat, own);
    const { signal, onProgress } = this.#options;
    const expected = onProgress === undefined ? 0 : await this.#count(walk, top);
    // The same way twice: first what is to be hashed, with nothing written; then trees, in which results come in the same order.
    let next = 0;
    const jobs = this.#jobs(walk, top, () => next++);
    await hashAll(realDirectory, jobs, (job, result) => this.#take(job, result), {
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) => onProgress?.({ ...progress, expected }),
    });
    const writer = new PackWriter(gitDir);
    try {
      next = 0;
      const content = await this.#content(walk, top, writer, () => next++);
      const stubs = (await walk.stubs(top.own)).map(sameEntry);
      const tree = toHex(writer.tree(treeContent([...content, ...stubs])));
      return await this.#commit(writer, { tree, old: top.own, stat, own });
    } finally {
      writer.abandon();
    }
  }

  async #commit(
    writer: PackWriter,
    { tree, old, stat, own }: { tree: string; old: string | undefined; stat: string; own: string },
  ): Promise<ShaResult> {
    const { gitDir } = this.#shadow;
    const result = { files: this.#files, bytes: this.#bytes, errors: this.#errors };
    if (tree === old) {
      await keepDerivedBase(this.#shadow, 'sha', { commit: own, stat, again: this.#again });
      return { ...result, unchanged: true };
    }
    await writer.finish();
    throwIfAborted(this.#options.signal);
    const message = `sha ${isoSeconds()}`;
    const commit = await makeCommit(gitDir, tree, [own], message);
    await noteErrors(this.#shadow, commit, this.#errors);
    await keepDerivedBase(this.#shadow, 'sha', { commit, stat, again: this.#again });
    await moveBranch(gitDir, 'master-sha', commit, own, message);
    await joinPacks(gitDir);
    return { ...result, unchanged: false, commit };
  }

  /** How many jobs there are at most: what a record says of its kind is not read for it. */
  async #count(walk: DerivedWalk, place: Place): Promise<number> {
    let sum = 0;
    for (const entry of await walk.entries(place)) {
      if (settled(entry) !== undefined) continue;
      if (entry.stat.mode === '040000') sum += await this.#count(walk, entry.below);
      else if (isBlob(entry) && this.#journal.find(entry.stat.oid, entry.path) === undefined) sum += 1;
    }
    return sum;
  }

  /** Files whose record is new. What the journal knows is not among them. */
  async *#jobs(walk: DerivedWalk, place: Place, count: () => number): AsyncGenerator<Job> {
    const entries = (await walk.entries(place)).filter((entry) => settled(entry) === undefined);
    for (let at = 0; at < entries.length; at += atOnce) {
      const some = entries.slice(at, at + atOnce);
      const sizes = await Promise.all(some.map((entry) => this.#sizeOf(entry)));
      for (const [nth, entry] of some.entries()) {
        if (entry.stat.mode === '040000') yield* this.#jobs(walk, entry.below, count);
        else if (isBlob(entry)) yield* this.#job(entry, sizes[nth], count());
      }
    }
  }

  *#job({ path, stat }: PlacedEntry, size: number | undefined, index: number): Generator<Job> {
    const known = size === undefined ? { kind: 'whole' as const } : this.#journal.find(stat.oid, path);
    if (known !== undefined) this.#results.set(index, known);
    else yield { path, size: size ?? 0, index, record: stat.oid };
  }

  /** Of a regular file; nothing else has one. */
  async #sizeOf(entry: PlacedEntry): Promise<number | undefined> {
    if (!isBlob(entry)) return undefined;
    const record = parseRecord(await this.#reader.blob(entry.stat.oid), 'path');
    return record?.kind === 'file' ? Number(record.size) : undefined;
  }

  #take({ path, index, record }: Job, result: HashResult): void {
    this.#results.set(index, result);
    if (result.kind === 'failed') this.#errors.push({ path, reason: result.reason });
    if (result.kind !== 'done' || result.fresh) this.#again.push(path);
    if (result.kind !== 'done') return;
    this.#files += 1;
    this.#bytes += result.size;
    this.#journal.note(record, path, result);
  }

  /** The entries of a directory's tree, the trees below it written. */
  async #content(walk: DerivedWalk, place: Place, writer: PackWriter, count: () => number): Promise<SortedEntry[]> {
    const entries: SortedEntry[] = [];
    for (const entry of await walk.entries(place)) {
      const { name, oid, mode } = entry.stat;
      const own = settled(entry);
      if (own !== undefined) entries.push(sameEntry(own));
      else if (mode === '040000') {
        const below = await this.#content(walk, entry.below, writer, count);
        if (below.length > 0) entries.push(treeEntry(name, writer.tree(treeContent(below))));
      } else if (mode === '120000') entries.push(linkEntry(name, fromHex(oid)));
      else if (name === NOGTREE) entries.push(nameEntry(name, place.path === '' ? 'root' : nameOf(place.path), writer));
      else entries.push(...this.#blobEntry(name, this.#results.get(count()), entry.own, writer));
    }
    return entries;
  }

  #blobEntry(name: string, result: Outcome, own: TreeEntry | undefined, writer: PackWriter): SortedEntry[] {
    if (result.kind === 'whole') return [nameEntry(name, name, writer)];
    if (result.kind === 'gone') return [];
    if (result.kind === 'failed') return own === undefined || own.mode === '040000' ? [] : [sameEntry(own)];
    const { size, sha1, sha256 } = result;
    return [fileEntry(name, writer.blob(formatRecord({ kind: 'sha', name, size, sha1, sha256 }), 'sha'))];
  }
}

/** Whether it has a record of its own: a file, or a directory that is tracked as a whole. */
function isBlob({ stat }: PlacedEntry): boolean {
  return stat.mode !== '040000' && stat.mode !== '120000' && stat.name !== NOGTREE;
}

/** What the branch says of something that has not changed since, and all below it. */
function settled({ same, stat, own }: PlacedEntry): TreeEntry | undefined {
  return same && (own?.mode === '040000') === (stat.mode === '040000') ? own : undefined;
}

function nameEntry(entry: string, name: string, writer: PackWriter): SortedEntry {
  return fileEntry(entry, writer.blob(formatRecord({ kind: 'name', name }), 'name'));
}
