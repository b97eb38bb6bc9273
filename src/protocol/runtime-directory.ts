import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { MizerError } from '../model/errors.js';

/** The environment as far as it decides where things are. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `sun_path` of unix(7), without the closing NUL. */
const longestSocketPath = 107;

/**
 * Where the user's socket, lock, state of the hub and log are: `$XDG_RUNTIME_DIR/mizer`, else `/run/user/<uid>/mizer`, where that
 * parent is a directory of the user's, else `/tmp/mizer-<uid>`. A parent of someone else's (`su` keeps the variable) does not count.
 */
export function runtimeDirectory(env: Environment, uid: number): string {
  const parents = [env['XDG_RUNTIME_DIR'], `/run/user/${uid}`];
  const parent = parents.find((path) => path?.startsWith('/') && isOwnDirectory(path, uid));
  return parent === undefined ? `/tmp/mizer-${uid}` : join(parent, 'mizer');
}

function isOwnDirectory(path: string, uid: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === uid;
}

/**
 * Makes the runtime directory where it is missing, and checks that nobody else could have put anything into it.
 * @throws MizerError `E_RUNTIME_DIRECTORY`
 */
export function ensureRuntimeDirectory(path: string, uid: number): void {
  if (Buffer.byteLength(socketPath(path)) > longestSocketPath) {
    throw refusal(
      path,
      `its path is too long for a socket (${longestSocketPath} bytes at most)`,
      'Set XDG_RUNTIME_DIR to a directory of yours with a shorter path.',
    );
  }
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw refusal(path, 'it cannot be made', 'Set XDG_RUNTIME_DIR to a directory of yours.', error);
    }
  }
  const fault = faultOf(lstatSync(path), uid);
  if (fault !== undefined)
    throw refusal(path, fault, `Look at it with \`ls -ld ${path}\`, then remove it; mizer makes it anew.`);
}

function faultOf(found: Stats, uid: number): string | undefined {
  if (found.isSymbolicLink()) return 'it is a symbolic link';
  if (!found.isDirectory()) return 'it is not a directory';
  if (found.uid !== uid) return `it belongs to the user with the id ${found.uid}`;
  const mode = found.mode & 0o777;
  return mode === 0o700 ? undefined : `others may look into it (mode ${mode.toString(8)} instead of 700)`;
}

function refusal(path: string, reason: string, hint: string, cause?: unknown): MizerError {
  return new MizerError('E_RUNTIME_DIRECTORY', `The runtime directory ${path} cannot be used: ${reason}.`, {
    hint,
    cause,
    data: { path },
  });
}

/** The daemon's socket. */
export function socketPath(runtimeDirectory: string): string {
  return join(runtimeDirectory, 'socket');
}

/** The daemon's log. */
export function logPath(runtimeDirectory: string): string {
  return join(runtimeDirectory, 'daemon.log');
}

/** Why the last start failed, as the daemon wrote it for the clients that wait. */
export function failurePath(runtimeDirectory: string): string {
  return join(runtimeDirectory, 'failure.json');
}
