import { lstatSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isOpenSomewhere } from '../linux/process.js';

const pauseMs = 100;
const quietLooks = 10;
const mostLooks = 100;

/**
 * Frees a file that git has locked by `FILE.lock` from a git that was killed: nobody could ever write it again. Only for files that nobody but
 * mizer writes, and only one process of it at a time. A lock is left over when for a whole second it is the same and no process has it open:
 * a living git has it open until it moves it to its place, which it does next.
 * @returns whether the lock is gone, by this or by itself, so that another try is of use; `false` where there is none, or one that is held on to
 */
export async function freeLeftLock(file: string): Promise<boolean> {
  const lock = `${file}.lock`;
  const look = () => lstatSync(lock, { bigint: true, throwIfNoEntry: false });
  const first = look();
  if (first === undefined) return false;
  let quiet = 0;
  for (let looks = 0; quiet < quietLooks; looks += 1) {
    if (looks === mostLooks) return false;
    await pause(pauseMs);
    if (look()?.ino !== first.ino) return true;
    quiet = isOpenSomewhere(first) ? 0 : quiet + 1;
  }
  rmSync(lock, { force: true });
  return true;
}
