import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A user and group id without rights that a test run by root hands its programs to. No such account has to exist. */
export const ordinaryId = 1001;

const isRoot = process.getuid?.() === 0;

/** The command line that runs `argv` as an ordinary user: as it is, or for root under {@link ordinaryId} without groups. */
export function asOrdinaryUser(argv: readonly string[]): string[] {
  if (!isRoot) return [...argv];
  return ['setpriv', `--reuid=${ordinaryId}`, `--regid=${ordinaryId}`, '--clear-groups', ...argv];
}

/** Makes `directory` and all below it the ordinary user's. Nothing to do where the tests are run by one. */
export function giveToOrdinaryUser(directory: string): void {
  if (isRoot) execFileSync('chown', ['-R', '--no-dereference', `${ordinaryId}:${ordinaryId}`, directory]);
}

/** The package's directory, which an ordinary user can read too (`scripts/test.js` sees to it). */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
