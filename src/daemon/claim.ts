import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MizerError } from '../model/errors.js';
import { closeSync, openSync } from 'node:fs';
import { releaseLock, takeLock } from '../linux/flock.js';
import type { ContextKey } from '../contexts/mounts.js';
import { parseIdentity, stillLives, type Identity } from './identity.js';
import { seenAnywhere } from './presence.js';

/**
 * One mount per upper directory: beside it, `mounted.json` names the hub that has it mounted. It is written before the mount and
 * removed after the unmount, so that a crash leaves a claim too many and never one too few.
 */
function claimFile(upper: string): string {
  return join(dirname(upper), 'mounted.json');
}

/**
 * Claims an upper directory for `hub`, atomically among all hubs.
 * @throws MizerError `E_CONTEXT_MOUNTED_ELSEWHERE` when another hub lives that has claimed it, or anyone still has it mounted
 */
export function claim(upper: string, key: ContextKey, hub: Identity): void {
  withLock(dirname(upper), () => {
    const file = claimFile(upper);
    const earlier = read(file);
    if (earlier !== undefined) {
      const foreign = stillLives(earlier) && earlier.mountNamespace !== hub.mountNamespace;
      // A claim whose hub has gone, or is this one before a crash: only who has it mounted can tell whether it is free.
      const pids = foreign ? [earlier.pid] : seenAnywhere(key);
      if (pids.length > 0) throw mountedElsewhere(key, pids);
    }
    writeFileSync(`${file}.new`, `${JSON.stringify(hub)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  });
}

/** Notes that `hub`, the same namespace under a new holder, has the upper directory mounted. */
export function renewClaim(upper: string, hub: Identity): void {
  const file = claimFile(upper);
  writeFileSync(`${file}.new`, `${JSON.stringify(hub)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Gives the upper directory back; to be called after the unmount. */
export function giveBack(upper: string): void {
  rmSync(claimFile(upper), { force: true });
}

function read(file: string): Identity | undefined {
  try {
    return parseIdentity(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function withLock(directory: string, action: () => void): void {
  const fd = openSync(directory, 'r');
  try {
    takeLock(fd, 'exclusive', true);
    action();
    releaseLock(fd);
  } finally {
    closeSync(fd);
  }
}

function mountedElsewhere(key: ContextKey, pids: readonly number[]): MizerError {
  const shown = pids.slice(0, 5).join(', ');
  return new MizerError(
    'E_CONTEXT_MOUNTED_ELSEWHERE',
    `The context ${key.name} is mounted by another hub (process ${shown}).`,
    {
      hint: 'Leave it there first, or end those processes; a second mount would damage it.',
      data: { context: key.name, pids },
    },
  );
}
