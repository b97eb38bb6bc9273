import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Capability } from '../capability.js';
import type { ObserveRow } from './bench.js';
import { million } from './rows/million.js';
import { stat } from './rows/stat.js';

const rows: readonly ObserveRow[] = [stat, million];

/** Knowledge of trees too big to commit. */
export const observe: Capability = {
  id: 'observe',
  rows: rows.map(({ id }) => id),
  prepare({ directory, small, tell }) {
    const place = mkdtempSync(join(directory, 'observe-'));
    const memory = mkdtempSync(join(inMemory() ?? directory, 'mizer-bench-'));
    return {
      facts: { million: inMemory() === undefined ? 'on the same disk' : 'on tmpfs' },
      measure: (id) => rows.find((row) => row.id === id)?.measure({ place, memory, small, tell }) ?? [],
      end() {
        for (const each of [place, memory]) rmSync(each, { recursive: true, force: true });
      },
    };
  },
};

function inMemory(): string | undefined {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return undefined;
  }
}
