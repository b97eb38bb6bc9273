import { join } from 'node:path';
import { readJson, writeAtomic } from '../disk/atomic.js';

/** What the last stat of a directory that came to its end has learned, whoever asked for it. */
export interface LastLook {
  /** When it began, an ISO time: what is recorded is what was there then, or later. */
  readonly trueAt: string;
  /** Paths that could not be read; of these the record is older. */
  readonly unread: number;
  /** Entries looked at. */
  readonly entries: number;
}

function fileOf(gitDir: string): string {
  return join(gitDir, 'fso/last-look.json');
}

/** Nothing where there was none yet, or the file is hurt: the next stat writes it anew. */
export function lastLook(gitDir: string): Promise<LastLook | undefined> {
  return readJson(fileOf(gitDir), isLastLook).catch(() => undefined);
}

/** Tells no more than what a status shows, so that on a full disk it may fail. */
export async function keepLastLook(gitDir: string, look: LastLook): Promise<void> {
  await writeAtomic(fileOf(gitDir), `${JSON.stringify(look)}\n`, { flush: false }).catch(() => undefined);
}

function isLastLook(value: unknown): value is LastLook {
  if (typeof value !== 'object' || value === null) return false;
  const { trueAt, unread, entries } = value as Record<string, unknown>;
  return typeof trueAt === 'string' && typeof unread === 'number' && typeof entries === 'number';
}
