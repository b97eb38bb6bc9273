import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import type { Shadow } from './shadow.js';
import { lockFile } from './state-directory.js';

export interface LockOptions {
  /** Wait until who has it is done; true by default. Otherwise `E_SHADOW_BUSY`. */
  readonly wait?: boolean;
  /** Called once when it has to wait. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

const pauseMs = 50;

/**
 * Does `work` while nobody else does anything to this branch of the shadow repository. The kernel takes the lock from a process that ends.
 * @throws MizerError `E_SHADOW_BUSY`, `E_INTERRUPTED`, and what `work` throws
 */
export async function withBranch<T>(
  shadow: Shadow,
  branch: 'stat' | 'sha' | 'content' | 'meta',
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const file = join(shadow.gitDir, 'fso', `${branch}.lock`);
  mkdirSync(dirname(file), { recursive: true });
  for (let waited = false; ; waited = true) {
    const lock = await lockFile(file);
    if (lock !== undefined) return work().finally(lock.release);
    if (options.wait === false) throw busy(shadow, branch);
    if (!waited) options.onWait?.();
    await pause(pauseMs);
    throwIfAborted(options.signal);
  }
}

/** @throws MizerError `E_INTERRUPTED` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new MizerError('E_INTERRUPTED', 'Interrupted; the branch is as it was.', {
    group: 'failed',
    hint: 'Run the command again: it begins anew and loses nothing.',
  });
}

function busy(shadow: Shadow, branch: string): MizerError {
  return new MizerError('E_SHADOW_BUSY', `Another process is writing master-${branch} of ${shadow.path}.`, {
    hint: 'Wait until it is done and try again.',
    data: { path: shadow.path, branch: `master-${branch}` },
  });
}
