import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeAtomic } from '../disk/atomic.js';
import type { TreePath } from '../model/tree-path.js';

/** Tells a node from any other, and from itself after a change. Numbers as text: JSON has none so large. */
export interface Identity {
  readonly ino: string;
  readonly size: string;
  readonly mtimeNs: string;
  readonly mode: number;
}

/** A step as the journal knows it. Its number names its files in the staging directory: `new/<n>`, `old/<n>`. */
export interface JournalStep {
  readonly op: 'remove' | 'remove-directory' | 'make-directory' | 'put' | 'chmod';
  readonly path: TreePath;
  /** What stood there. */
  readonly before: Identity | null;
  /** What is put there, as it lies staged. */
  readonly staged: Identity | null;
  /** Permission bits afterwards. */
  readonly mode: number;
}

/** Written, and on the disk, before anything in the target is touched. */
export interface Journal {
  readonly target: string;
  readonly steps: readonly JournalStep[];
}

const name = 'journal.json';
const finished = 'finished.json';

export function identityOf(stats: {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly mode: bigint;
}): Identity {
  const { ino, size, mtimeNs, mode } = stats;
  return { ino: String(ino), size: String(size), mtimeNs: String(mtimeNs), mode: Number(mode & 0o7777n) };
}

/** The same node with the same content; its permission bits may have changed. */
export function isUnchanged(one: Identity | null | undefined, other: Identity | null | undefined): boolean {
  if (!one || !other) return false;
  return one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs;
}

export async function writeJournal(directory: string, journal: Journal): Promise<void> {
  await writeAtomic(join(directory, name), JSON.stringify(journal), { mode: 0o600 });
}

/** The journal of an apply that may have begun to write and did not end; `undefined` where the target needs nothing. */
export function readJournal(directory: string): Promise<Journal | undefined> {
  return readJson(join(directory, name), isJournal);
}

/** From here on nobody rolls this apply back. */
export function endJournal(directory: string): void {
  renameSync(join(directory, name), join(directory, finished));
}

function isJournal(value: unknown): value is Journal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'target' in value &&
    typeof value.target === 'string' &&
    'steps' in value &&
    Array.isArray(value.steps)
  );
}
