import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `dist/`: this module lies one folder below it, bundled or not. */
const installed = dirname(dirname(fileURLToPath(import.meta.url)));

/** The daemon's entry point. */
export const daemonEntry: string = join(installed, 'daemon', 'main.js');

/** Names the installed code, so that an upgrade is noticed: a hash that the build leaves beside it (`scripts/bundle.js`). */
export function buildId(): string {
  return readFileSync(join(installed, 'build-id'), 'utf8').trim();
}
