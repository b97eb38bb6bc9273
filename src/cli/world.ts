import { statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { MizerError } from '../model/errors.js';
import type { Connection } from '../protocol/connection.js';
import { type Style, styleFor } from './reporter/style.js';
import { writeAll } from './streams.js';

/** A standard stream. */
export interface Channel {
  readonly write: (data: string | Uint8Array) => void;
  readonly terminal: boolean;
  readonly style: Style;
}

/** What a command is handed of the world outside. */
export interface World {
  readonly env: NodeJS.ProcessEnv;
  /** Answers and errors are JSON documents. */
  readonly json: boolean;
  readonly out: Channel;
  readonly err: Channel;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** @throws MizerError `E_CWD_GONE` */
  readonly cwd: () => string;
  /** The daemon, started when none runs. One connection as long as it lasts, then another. @throws as protocol's `connect` */
  readonly daemon: () => Promise<Connection>;
  /** The daemon if it runs. */
  readonly runningDaemon: () => Promise<Connection | undefined>;
}

/** The real one. */
export function processWorld(env: NodeJS.ProcessEnv, json: boolean): World {
  const err = channel(2, env);
  const uid = process.getuid?.() ?? 0;
  const say = (sentence: string): void => {
    if (!json) err.write(`mzr: ${sentence}\n`);
  };
  let current: Promise<Connection> | undefined;
  return {
    env,
    json,
    out: channel(1, env),
    err,
    now: Date.now,
    cwd: () => workingDirectory(env),
    daemon: () => {
      current ??= connectOnce(env, uid, say, () => (current = undefined));
      return current;
    },
    runningDaemon: async () => (await import('../protocol/client.js')).connectIfRunning(env, uid),
  };
}

async function connectOnce(
  env: NodeJS.ProcessEnv,
  uid: number,
  say: (sentence: string) => void,
  forget: () => void,
): Promise<Connection> {
  const { connect } = await import('../protocol/client.js');
  const connection = await connect({ env, uid, say });
  void connection.closed.then(forget);
  return connection;
}

function channel(descriptor: 1 | 2, env: NodeJS.ProcessEnv): Channel {
  const terminal = isatty(descriptor);
  return { write: (data) => writeAll(descriptor, data), terminal, style: styleFor(terminal, env) };
}

/**
 * Where the client stands. After a switch the kernel no longer knows a path for the directory; the shell still does, and it is the
 * place that is meant.
 */
function workingDirectory(env: NodeJS.ProcessEnv): string {
  try {
    const path = process.cwd();
    if (path.startsWith('/')) return path;
  } catch {
    // Falls through to what the shell says.
  }
  const path = env['PWD'];
  if (path?.startsWith('/') === true && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  throw new MizerError('E_CWD_GONE', 'The current directory is not there any more.', {
    hint: 'Change to a directory that exists, for example with cd "$PWD".',
  });
}
