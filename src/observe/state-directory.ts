import { chmodSync, close, fstatSync, lstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from '../disk/tree-location.js';
import { takeLock } from '../linux/flock.js';
import { MizerError } from '../model/errors.js';

/** Where the registry of roots and the state of runs are: `$XDG_STATE_HOME/mizer/observe` (`~/.local/state`). */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const state = env['XDG_STATE_HOME'];
  const base = state?.startsWith('/') === true ? state : join(env['HOME'] ?? homedir(), '.local/state');
  return join(base, 'mizer/observe');
}

/**
 * Makes the directory where it is missing and sees to it that nobody else can look into it or put anything there.
 * @throws MizerError `E_STATE_DIRECTORY`
 */
export function ensurePrivate(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = lstatSync(directory);
    if (!found.isDirectory()) throw refusal(directory, 'it is not a directory');
    if (found.uid !== process.geteuid?.()) throw refusal(directory, `it belongs to the user with the id ${found.uid}`);
    if ((found.mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (error) {
    throw error instanceof MizerError ? error : refusal(directory, codeOf(error), error);
  }
}

function refusal(path: string, reason: string, cause?: unknown): MizerError {
  return new MizerError('E_STATE_DIRECTORY', `The state directory ${path} cannot be used: ${reason}.`, {
    group: 'failed',
    hint: 'Set XDG_STATE_HOME to a directory of yours, or mend HOME.',
    cause,
    data: { path },
  });
}

const closeFile = promisify(close);

/** A lock that is held until `release`, or until the process ends, however it does: the kernel sees to that. */
export interface HeldLock {
  readonly release: () => Promise<void>;
}

/**
 * Takes the lock of a file, which is made where it is missing. Who has it may unlink the file: a lock on a file that has lost its name is none,
 * or another could take that of a new one meanwhile.
 * @returns `undefined` where another has it
 */
export async function lockFile(file: string): Promise<HeldLock | undefined> {
  for (;;) {
    const descriptor = openSync(file, 'a', 0o600);
    const taken = takeLock(descriptor, 'exclusive');
    if (taken && fstatSync(descriptor).ino === statSync(file, { throwIfNoEntry: false })?.ino)
      return { release: () => closeFile(descriptor) };
    await closeFile(descriptor);
    if (!taken) return undefined;
  }
}

/**
 * Does `work` while no other process has this lock file locked.
 * @param patienceMs how long to try
 * @returns `undefined` where another had it all the time
 */
export async function whileLocked<T>(
  file: string,
  patienceMs: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  for (const end = Date.now() + patienceMs; ;) {
    const lock = await lockFile(file);
    if (lock !== undefined)
      return work()
        .then((value) => ({ value }))
        .finally(lock.release);
    if (Date.now() >= end) return undefined;
    await pause(20);
  }
}
