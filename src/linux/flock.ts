import { constants } from 'node:os';
import { checked, foreign } from './native.js';

const flockCall = foreign<[number, number]>('flock', 'int', ['int', 'int']);
const modes = { shared: 1, exclusive: 2 } as const;
const nonBlocking = 4;
const unlock = 8;

/**
 * Takes a lock on an open file, which lasts until `releaseLock`, or until every copy of the descriptor is closed; flock(2).
 * Another lock by the same process through another `open` counts as foreign.
 * @returns `false` where someone else has it; with `wait` never
 */
export function takeLock(fd: number, mode: 'shared' | 'exclusive', wait = false): boolean {
  for (;;) {
    const result = flockCall(fd, modes[mode] | (wait ? 0 : nonBlocking));
    if (result === -constants.errno.EINTR) continue;
    if (result === -constants.errno.EWOULDBLOCK) return false;
    checked(result, 'flock');
    return true;
  }
}

/** Gives back a lock of `takeLock`. */
export function releaseLock(fd: number): void {
  checked(flockCall(fd, unlock), 'flock');
}
