import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { MizerError } from '../model/errors.js';
import { fromText } from '../model/tree-path.js';
import type { Environment } from '../protocol/runtime-directory.js';

/** Where the daemon keeps what (docs/architecture.md, "Where things are"). All absolute. */
export interface Places {
  /** Socket, locks, the state of the hub, the log. */
  readonly runtime: string;
  /** Mount points: the one directory that the hub shares with its sessions. Without symbolic links, as mountinfo shows it. */
  readonly state: string;
  /** Contexts are mounted at `<hub>/<store id>/<name>`. */
  readonly hub: string;
  /** Common git directories are seen at `<git>/<store id>/<name of the work tree>/.git`. */
  readonly git: string;
}

/** The places of a daemon with this runtime directory; makes the mount points' directory where it is missing. @throws MizerError `E_STATE_DIRECTORY` */
export function findPlaces(runtime: string, env: Environment): Places {
  const base =
    env['XDG_STATE_HOME']?.startsWith('/') === true ? env['XDG_STATE_HOME'] : join(env['HOME'] ?? '/', '.local/state');
  const wanted = join(base, 'mizer');
  try {
    for (const directory of [base, wanted, join(wanted, 'hub'), join(wanted, 'git')]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
  } catch (cause) {
    throw new MizerError('E_STATE_DIRECTORY', `The directory of mount points, ${wanted}, cannot be made.`, {
      hint: 'Set XDG_STATE_HOME to a directory of yours, or mend HOME.',
      cause,
      data: { path: wanted },
    });
  }
  const state = realpathSync(wanted);
  return { runtime, state, hub: join(state, 'hub'), git: join(state, 'git') };
}

/** An absolute path as mountinfo has it: a byte string. */
export function asMountPoint(path: string): string {
  return fromText(path);
}
