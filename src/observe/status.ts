import { objectId } from '../git/oid.js';
import { requireGit } from '../git/run.js';
import { ObjectReader, type TreeEntry } from '../git/tree-reader.js';
import { join, type TreePath } from '../model/tree-path.js';
import { formatRecord, NOGTREE, parseRecord } from './blob.js';
import { isSpecial, type LastRecords } from './last-records.js';
import { lastState, type LastState } from './last-state.js';
import type { Scanned } from './scan.js';
import type { Shadow } from './shadow.js';
import { throwIfAborted } from './shadow-lock.js';
import { look, rootRecord, type ObserveError, type ScanOptions } from './stat.js';
import { fromSorted, type SortedEntry } from './stub.js';

/** What a stat would do at a path. */
export interface StatusChange {
  readonly path: TreePath;
  readonly change: 'new' | 'modified' | 'deleted';
  /** A directory whose own time changed; the root is `''`. What only its totals tell is not listed. */
  readonly isDirectory: boolean;
}

export interface StatusOptions extends ScanOptions {
  readonly signal?: AbortSignal;
}

export interface StatusResult {
  /** Those in a directory before the directory itself. */
  readonly changes: readonly StatusChange[];
  readonly entries: number;
  readonly errors: readonly ObserveError[];
}

/**
 * What a stat would change, at the level of records. Nothing is written.
 * @throws MizerError as `stat`, `E_SHADOW_BUSY` excepted
 */
export async function status(shadow: Shadow, options: StatusOptions = {}): Promise<StatusResult> {
  await requireGit();
  const reader = ObjectReader.open(shadow.gitDir);
  try {
    const last = await lastState(shadow, reader);
    const comparison = new Comparison(last.records, reader);
    const scanned = await look(shadow, { ...options, force: true }, last, comparison.sink, {
      onDirectory: (path, entries) => comparison.directory(path, entries),
    });
    throwIfAborted(options.signal);
    await comparison.directory('', [...(scanned?.entries ?? []), ...last.stub]);
    comparison.root(last, scanned);
    return { changes: comparison.changes, entries: scanned?.looked ?? 0, errors: scanned?.errors ?? [] };
  } finally {
    reader.close();
  }
}

class Comparison {
  readonly changes: StatusChange[] = [];
  readonly #last: LastRecords;
  readonly #reader: ObjectReader;
  /** Records of directories made in this scan, by their ids. */
  readonly #directories = new Map<string, string>();

  constructor(last: LastRecords, reader: ObjectReader) {
    this.#last = last;
    this.#reader = reader;
  }

  readonly sink = {
    blob: (content: string, family?: string) => {
      const oid = objectId('blob', content);
      if (family === 'directory') this.#directories.set(oid, content);
      return oid;
    },
    tree: (content: string) => objectId('tree', content),
  };

  async directory(path: TreePath, sorted: readonly SortedEntry[]): Promise<void> {
    const entries = sorted.map(fromSorted);
    const names = new Set(entries.map(({ name }) => name));
    const before = await this.#last.entries(path);
    for (const entry of entries) {
      if (entry.name !== NOGTREE && isSpecial(entry.name)) continue;
      const old = before.get(entry.name);
      if (entry.name === NOGTREE) await this.#own(path, entry, old);
      else if (entry.mode === '040000') await this.#wasFile(join(path, entry.name), old);
      else if (old === undefined || old.mode === '040000') {
        if (old !== undefined) await this.#deleted(join(path, entry.name), old);
        this.#add(join(path, entry.name), 'new');
      } else if (old.oid !== entry.oid || old.mode !== entry.mode) this.#add(join(path, entry.name), 'modified');
    }
    this.#directories.clear();
    for (const old of before.values()) {
      if (!names.has(old.name) && !isSpecial(old.name)) await this.#deleted(join(path, old.name), old);
    }
  }

  root(last: LastState, scanned: Scanned | undefined): void {
    if (scanned === undefined) {
      if (last.root !== undefined) this.#add('', 'deleted', true);
    } else if (last.root === undefined) this.#add('', 'new', true);
    else if (formatRecord(last.root) !== formatRecord(rootRecord(scanned, last))) this.#add('', 'modified', true);
  }

  /** A directory is named where its own time differs: its totals change with everything below. */
  async #own(path: TreePath, entry: TreeEntry, old: TreeEntry | undefined): Promise<void> {
    if (old === undefined || old.oid === entry.oid) return;
    const text = this.#directories.get(Buffer.from(entry.oid, 'hex').toString('latin1')) ?? '';
    const now = parseRecord(Buffer.from(text, 'latin1'), 'nogtree');
    const then = await this.#last.record(old, 'nogtree');
    if (now?.kind === 'directory' && then?.kind === 'directory' && now.mtime !== then.mtime) {
      this.#add(path, 'modified', true);
    }
  }

  async #wasFile(path: TreePath, old: TreeEntry | undefined): Promise<void> {
    if (old !== undefined && old.mode !== '040000') await this.#deleted(path, old);
  }

  async #deleted(path: TreePath, old: TreeEntry): Promise<void> {
    if (old.mode !== '040000') {
      this.#add(path, 'deleted');
      return;
    }
    for (const child of await this.#reader.tree(old.oid)) {
      if (!isSpecial(child.name)) await this.#deleted(join(path, child.name), child);
    }
  }

  #add(path: TreePath, change: StatusChange['change'], isDirectory = false): void {
    this.changes.push({ path, change, isDirectory });
  }
}
