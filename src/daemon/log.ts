import { copyFileSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

export interface Log {
  info(sentence: string): void;
  /** With the stack, where there is one: only defects and what the daemon survived come here. */
  error(sentence: string, error?: unknown): void;
}

const largest = 1_000_000;

/**
 * A log of plain lines, rotated by copying to `<path>.1` and cutting off: standard output and error of the daemon append to the same
 * file, and must not be left behind in the old one.
 */
export function openLog(path: string): Log {
  const fd = openSync(path, 'a', 0o600);
  const write = (level: string, text: string): void => {
    if (fstatSync(fd).size > largest) {
      copyFileSync(path, `${path}.1`);
      ftruncateSync(fd);
    }
    writeSync(fd, `${new Date().toISOString()} ${process.pid} ${level} ${text}\n`);
  };
  return {
    info: (sentence) => write('info', sentence),
    error(sentence, error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : error === undefined ? '' : String(error);
      write('error', detail === '' ? sentence : `${sentence}\n${detail}`);
    },
  };
}
