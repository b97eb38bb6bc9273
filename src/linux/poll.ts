import { constants } from 'node:os';
import { checked, foreign, foreignInterface } from './native.js';

const pollCall = foreign<[Uint8Array, number, number]>('poll', 'int', ['void *', 'ulong', 'int']);
const readable = 1;
const exceptional = 2;

/**
 * Waits, and blocks this thread, until one of `fds` can be read or has ended.
 * @param timeoutMs -1 waits for ever
 * @returns those that are ready; `[]` after the time, or at a signal; poll(2)
 */
export function poll(fds: readonly number[], timeoutMs: number): number[] {
  const table = Buffer.alloc(8 * fds.length);
  for (const [index, fd] of fds.entries()) {
    table.writeInt32LE(fd, 8 * index);
    table.writeInt16LE(readable, 8 * index + 4);
  }
  const result = pollCall(table, fds.length, timeoutMs);
  if (result === -constants.errno.EINTR) return [];
  checked(result, 'poll');
  return fds.filter((_, index) => table.readInt16LE(8 * index + 6) !== 0);
}

/** Whether something out of the ordinary (`POLLPRI`, `POLLERR`) has come upon `fd` since this was last asked; does not wait. poll(2) */
export function hasException(fd: number): boolean {
  const table = Buffer.alloc(8);
  table.writeInt32LE(fd, 0);
  table.writeInt16LE(exceptional, 4);
  for (;;) {
    const result = pollCall(table, 1, 0);
    // A signal that comes just then ends also a poll that does not wait.
    if (result !== -constants.errno.EINTR) return checked(result, 'poll') > 0;
  }
}

/** What ends the waits that are open; filled only in the main thread. */
const openWaits = new Set<() => void>();

/**
 * Calls `ready` from the event loop whenever `fd` can be read; nothing blocks, and it keeps no process from ending. For the main thread
 * only: when a worker ends with such a handle open, the whole process crashes (koffi 3.3.4).
 * @returns ends it; must be called before `fd` is closed
 */
export function whenReadable(fd: number, ready: () => void): () => void {
  // A handle that is open while Node takes itself down calls into an engine that is gone, and aborts.
  if (openWaits.size === 0) process.on('exit', endWaits);
  const handle = foreignInterface().node.poll(fd, { readable: true }, ready);
  handle.unref();
  const end = (): void => {
    if (!openWaits.delete(end)) return;
    handle.close();
    if (openWaits.size === 0) process.off('exit', endWaits);
  };
  openWaits.add(end);
  return end;
}

function endWaits(): void {
  for (const end of openWaits) end();
}
