import { lstatSync, readdirSync } from 'node:fs';
import { headOf } from './context-git.js';
import type { ContextRecord } from './records.js';
import { upperOf, type WorkTree } from './work-tree.js';

/** What a context is, as far as disk and git tell. */
export interface ContextState {
  readonly record: ContextRecord;
  readonly branch?: string;
  readonly head?: string;
  /** Bytes that its upper directory takes on disk. */
  readonly bytes: number;
}

export async function contextState(tree: WorkTree, record: ContextRecord): Promise<ContextState> {
  const head = tree.repository === undefined ? {} : await headOf(tree.repository, record.name).catch(() => ({}));
  const state: { oid?: string; branch?: string } = head;
  return {
    record,
    bytes: bytesOnDisk(Buffer.from(upperOf(record))),
    ...(state.branch === undefined ? {} : { branch: state.branch }),
    ...(state.oid === undefined ? {} : { head: state.oid }),
  };
}

/** What the directory takes on disk, holes and other names of one file counted as `du` does. What vanishes meanwhile counts nothing. */
function bytesOnDisk(directory: Buffer, seen = new Set<number>()): number {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (stats === undefined || (stats.nlink > 1 && !stats.isDirectory() && seen.has(stats.ino))) return 0;
  seen.add(stats.ino);
  let bytes = stats.blocks * 512;
  if (!stats.isDirectory()) return bytes;
  for (const name of namesIn(directory)) bytes += bytesOnDisk(Buffer.concat([directory, Buffer.from('/'), name]), seen);
  return bytes;
}

function namesIn(directory: Buffer): readonly Buffer[] {
  try {
    return readdirSync(directory, { encoding: 'buffer' });
  } catch {
    return [];
  }
}
