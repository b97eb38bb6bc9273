import { writeSync } from 'node:fs';

/** The reader of a pipe has gone away. Not a fault: `mzr list | head -1`. */
export class PipeClosed extends Error {}

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes everything, synchronously: `process.stdout` would make a shared pipe non-blocking for the programs that follow us, and costs
 * a millisecond to set up. A reader that lets us wait (EAGAIN) is waited for.
 * @throws PipeClosed
 */
export function writeAll(descriptor: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new PipeClosed('the reader has gone');
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}
