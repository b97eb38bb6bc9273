import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeAtomic } from '../disk/atomic.js';
import type { KeptError } from './kept-error.js';
import { type LastLook, lastLook } from './last-look.js';

/** What the last runs learned of one directory. Times are ISO times. */
export interface RunStatus {
  /** The real directory, absolute. */
  readonly path: string;
  /** Its shadow repository; absent while it could not be made. */
  readonly shadow?: string;
  /** In a row, since the last success. */
  readonly failures: number;
  readonly error?: KeptError;
  readonly failedAt?: string;
  /** Not tried again before by a run that goes on for ever. */
  readonly retryAt?: string;
  /** The last round did not come upon the directory: it is gone, or below one that is ignored. */
  readonly missing?: boolean;
}

/** The same, with what the last stat learned, be it a run's or one by hand; that ends what a failure before it began. */
export interface ShadowStatus extends RunStatus, Partial<LastLook> {}

interface Root<Status> {
  /** When the last round began that visited all the root has. */
  readonly roundAt?: string;
  /** Why the root itself could not be searched. */
  readonly error?: KeptError;
  /** In the order of their paths. */
  readonly shadows: readonly Status[];
}

/** What is known of a root. */
export type RootStatus = Root<ShadowStatus>;

interface Stored extends Root<RunStatus> {
  readonly version: 1;
  readonly root: string;
}

/** What tells the root's files in the state directory from those of others. */
function rootId(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 16);
}

/** The lock of who looks after a root. */
export function rootLock(directory: string, root: string): string {
  return join(directory, `root-${rootId(root)}.lock`);
}

function statusFile(directory: string, root: string): string {
  return join(directory, `root-${rootId(root)}.json`);
}

/** @param root the path that the registry has @throws MizerError `E_STATE_CORRUPT` */
export async function readRootStatus(directory: string, root: string): Promise<RootStatus> {
  const { shadows, ...rest } = await readRun(directory, root);
  return { ...rest, shadows: await Promise.all(shadows.map(withLastLook)) };
}

async function withLastLook(status: RunStatus): Promise<ShadowStatus> {
  const look = status.shadow === undefined ? undefined : await lastLook(join(status.shadow, '.git'));
  if (look === undefined) return status;
  const { error: _, failedAt = '', retryAt: __, ...rest } = status;
  return failedAt < look.trueAt ? { ...rest, failures: 0, ...look } : { ...status, ...look };
}

async function readRun(directory: string, root: string): Promise<Root<RunStatus>> {
  const stored = await readJson(statusFile(directory, root), isStored);
  if (stored === undefined) return { shadows: [] };
  const { version: _, root: __, ...status } = stored;
  return status;
}

/** Forgets what was learned of a root. Its lock stays: who unlinks a lock lets two take it. */
export async function removeRootStatus(directory: string, root: string): Promise<void> {
  await unlink(statusFile(directory, root)).catch(() => undefined);
}

const paceMs = 1000;

/** The status of a root while it is being visited. A reader finds it at most a second old. */
export class StatusKeeper {
  readonly #directory: string;
  readonly #root: string;
  readonly #shadows: Map<string, RunStatus>;
  readonly #visited = new Set<string>();
  #rest: Omit<Root<RunStatus>, 'shadows'>;
  #writtenAt = 0;
  #writing = Promise.resolve();

  private constructor(directory: string, root: string, { shadows, ...rest }: Root<RunStatus>) {
    this.#directory = directory;
    this.#root = root;
    this.#rest = rest;
    this.#shadows = new Map(shadows.map((one) => [one.path, one]));
  }

  /** What cannot be read is forgotten: the next rounds learn it anew. */
  static async open(directory: string, root: string): Promise<StatusKeeper> {
    const status = await readRun(directory, root).catch(() => ({ shadows: [] }));
    return new StatusKeeper(directory, root, status);
  }

  of(path: string): Promise<ShadowStatus> {
    return withLastLook(this.#shadows.get(path) ?? { path, failures: 0 });
  }

  /** Notes what was learned of a directory. */
  async note(status: RunStatus): Promise<void> {
    this.#shadows.set(status.path, status);
    this.#visited.add(status.path);
    if (Date.now() - this.#writtenAt >= paceMs) await this.#write();
  }

  /** Notes that a directory is there, with nothing new about it. */
  seen(path: string): void {
    this.#visited.add(path);
  }

  /** The round is over: what it did not come upon is missing, and forgotten where there is no shadow repository. */
  async complete(startedAt: string): Promise<void> {
    for (const [path, { missing: _, ...status }] of this.#shadows) {
      if (this.#visited.has(path)) this.#shadows.set(path, status);
      else if (status.shadow !== undefined && existsSync(status.shadow))
        this.#shadows.set(path, { ...status, missing: true });
      else this.#shadows.delete(path);
    }
    this.#rest = { roundAt: startedAt };
    await this.#write();
  }

  /** The round could not be done, or not to its end. */
  async abandon(error?: KeptError): Promise<void> {
    if (error !== undefined) this.#rest = { ...this.#rest, error };
    await this.#write();
  }

  #write(): Promise<void> {
    this.#writtenAt = Date.now();
    const shadows = [...this.#shadows.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    const stored: Stored = { version: 1, root: this.#root, ...this.#rest, shadows };
    const file = statusFile(this.#directory, this.#root);
    const text = `${JSON.stringify(stored, null, 1)}\n`;
    // A status that cannot be written (a full disk) must not end the run: the next attempt brings it up to date.
    this.#writing = this.#writing.then(() =>
      writeAtomic(file, text, { mode: 0o600, flush: false }).catch(() => undefined),
    );
    return this.#writing;
  }
}

function isStored(value: unknown): value is Stored {
  if (typeof value !== 'object' || value === null || !('shadows' in value) || !('version' in value)) return false;
  return value.version === 1 && Array.isArray(value.shadows) && value.shadows.every(isRunStatus);
}

function isRunStatus(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'path' in value &&
    typeof value.path === 'string' &&
    'failures' in value
  );
}
