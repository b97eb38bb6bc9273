import { randomBytes } from 'node:crypto';
import { open, readFile, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MizerError } from '../model/errors.js';
import { codeOf } from './tree-location.js';

const PREFIX = '.mizer-tmp-';
const LEFTOVER = /^\.mizer-tmp-(\d+)-([0-9a-f]+)-\d+$/;
/** Tells this process from an earlier one that had the same id. */
const incarnation = randomBytes(6).toString('hex');
let serial = 0;

export interface WriteOptions {
  /** Permission bits of the file, exactly. */
  readonly mode?: number;
  /** Wait until file and directory are on the disk; without it a power cut may bring the old file back, or an empty one. */
  readonly flush?: boolean;
}

/** A name beside `path` that `removeLeftovers` knows again. */
export function temporaryName(path: string): string {
  serial += 1;
  return join(dirname(path), `${PREFIX}${process.pid}-${incarnation}-${serial}`);
}

/**
 * Makes or replaces a file in one step: whoever reads it, at any time and after any crash, finds it as it was or as it is now.
 * @throws MizerError `E_DISK_FULL`, `E_WRITE_FAILED`; the file is then as it was
 */
export async function writeAtomic(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
  const { mode = 0o644, flush = true } = options;
  const temporary = temporaryName(path);
  try {
    await writeNew(temporary, data, mode, flush);
    await rename(temporary, path);
    if (flush) await flushDirectory(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw writeError(path, error);
  }
}

async function writeNew(path: string, data: string | Uint8Array, mode: number, flush: boolean): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(data);
    await file.chmod(mode);
    if (flush) await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a directory are on the disk. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Whether a write failed for want of space, of the disk or of a quota. */
export function isOutOfSpace(code: string): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The error to show when `path` could not be written. */
export function writeError(path: string, cause: unknown): MizerError {
  const code = codeOf(cause);
  if (isOutOfSpace(code)) {
    return new MizerError('E_DISK_FULL', `There is no room left to write ${path} (${code}).`, {
      group: 'failed',
      hint: 'Free some space, for instance with `mzr gc`, and try again.',
      cause,
      data: { path },
    });
  }
  return new MizerError('E_WRITE_FAILED', `${path} cannot be written (${code}).`, {
    group: 'failed',
    hint: 'Look at the owner and the permissions of its directory; `mzr doctor` tells more.',
    cause,
    data: { path },
  });
}

/**
 * A JSON file of ours; `undefined` when there is none.
 * @param isValid whether the value is what is expected
 * @throws MizerError `E_STATE_CORRUPT` when it is no JSON or not what is expected
 */
export async function readJson<T>(path: string, isValid: (value: unknown) => value is T): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw corrupt(path, `it cannot be read (${codeOf(error)})`, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt(path, 'it is not JSON', error);
  }
  if (!isValid(value)) throw corrupt(path, 'it does not hold what it should');
  return value;
}

function corrupt(path: string, reason: string, cause?: unknown): MizerError {
  return new MizerError('E_STATE_CORRUPT', `The state file ${path} is hurt: ${reason}.`, {
    group: 'failed',
    hint: `Run \`mzr doctor\`; nothing is read from the file, and moving it away lets mizer go on without it.`,
    cause,
    data: { path },
  });
}

/**
 * Removes what writes cut short have left in `directory` (not below it). Files of writes that go on, in this process or in another that
 * lives, stay.
 * @returns how many were removed; none where there is no such directory
 */
export async function removeLeftovers(directory: string): Promise<number> {
  let removed = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    const [, pid, writer] = LEFTOVER.exec(name) ?? [];
    if (pid === undefined || writer === incarnation) continue;
    if (Number(pid) !== process.pid && isPidTaken(Number(pid))) continue;
    await unlink(join(directory, name)).then(
      () => (removed += 1),
      () => undefined,
    );
  }
  return removed;
}

/** Whether a process has this pid, be it another than had it once, or one that has ended and that nobody awaited. */
export function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
