import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** What a reader must know of the machine to judge the figures; nothing that tells which machine it was. */
export interface Machine {
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly git: string;
  readonly user: 'root' | 'ordinary';
}

/** The machine, and the file system that holds `directory`. */
export function machineFacts(directory: string): Machine {
  return {
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release().split('-')[0] ?? '',
    fileSystem: printed('findmnt', '--noheadings', '--output', 'FSTYPE', '--target', directory),
    node: process.version,
    git: printed('git', '--version').replace('git version ', ''),
    user: process.getuid?.() === 0 ? 'root' : 'ordinary',
  };
}

function printed(file: string, ...args: string[]): string {
  return spawnSync(file, args, { encoding: 'utf8' }).stdout?.trim() ?? '';
}

/**
 * Megabytes of memory that are due to the processes `pids`: their proportional share of each page (`smaps_rollup`, proc(5)), or
 * where that may not be read, what is resident.
 */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kilobytesOf(pid) / 1024, 0);
}

function kilobytesOf(pid: number): number {
  for (const [file, key] of [
    ['smaps_rollup', 'Pss'],
    ['status', 'VmRSS'],
  ] as const) {
    try {
      const match = new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
      if (match) return Number(match[1]);
    } catch {
      // Reading the maps of a process in another user namespace can be refused; the next file tells less and is always readable.
    }
  }
  throw new Error(`Process ${pid} has gone.`);
}
