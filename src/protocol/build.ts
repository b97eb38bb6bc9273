import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `dist/`: this module lies one folder below it, bundled or not. */
const installed = dirname(dirname(fileURLToPath(import.meta.url)));
const rooms = ['model', 'linux', 'disk', 'git', 'contexts', 'protocol', 'daemon'];

/** The daemon's entry point. */
export const daemonEntry: string = join(installed, 'daemon', 'main.js');

/**
 * Names the installed code of the daemon, so that an upgrade is noticed: from sizes and modification times, since reading all of it
 * would cost each command some milliseconds.
 */
export function buildId(): string {
  let hash = 0n;
  for (const room of rooms) {
    const directory = join(installed, room);
    for (const name of readdirSync(directory)) {
      if (!name.endsWith('.js')) continue;
      const { size, mtimeMs } = statSync(join(directory, name));
      for (const part of [size, Math.floor(mtimeMs), name.length]) {
        // The 64-bit FNV prime: any mixing would do, nobody is meant to be kept out by it.
        hash = BigInt.asUintN(64, (hash ^ BigInt(part)) * 0x100000001b3n);
      }
    }
  }
  return hash.toString(16).padStart(16, '0');
}
