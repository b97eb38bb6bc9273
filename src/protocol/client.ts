import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import { buildId } from './build.js';
import { clientOver, type Connection } from './connection.js';
import { protocolVersion, type HelloResult } from './messages.js';
import { ensureRuntimeDirectory, runtimeDirectory, type Environment } from './runtime-directory.js';
import { tryConnect } from './socket.js';

export interface ConnectOptions {
  readonly env: Environment;
  readonly uid: number;
  /** Gets a sentence for the person when something takes a while or is unusual. */
  readonly say: (sentence: string) => void;
  /** What this client holds to be the installed build; `buildId()` by default. */
  readonly build?: string;
}

const replacements = 5;
const stopLimitMs = 10_000;

/**
 * A connection to the user's daemon, which is started when nobody listens and replaced when it is of another build and nobody is
 * hurt by that. A busy daemon of another build goes on serving as long as it speaks the same protocol.
 * @throws MizerError `E_RUNTIME_DIRECTORY`, `E_DAEMON_START`, `E_DAEMON_VERSION`, or what kept the daemon from starting
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const directory = runtimeDirectory(options.env, options.uid);
  ensureRuntimeDirectory(directory, options.uid);
  const build = options.build ?? buildId();
  for (let attempt = 0; attempt < replacements; attempt += 1) {
    const listening = await tryConnect(directory);
    const connection = clientOver(listening ?? (await start(directory, options)));
    const met = await greet(connection, build);
    // One that goes while it is greeted has been asked to stop by somebody else: the next one will do.
    if (met === undefined) continue;
    const other = met.protocol !== protocolVersion || met.build !== build;
    if (!other) return connection;
    if (listening !== undefined && met.busy === 0 && (await stop(connection))) {
      options.say('The daemon was of another build and is started anew.');
      continue;
    }
    if (met.protocol === protocolVersion) return connection;
    connection.close();
    throw versionError(met);
  }
  throw new MizerError('E_DAEMON_START', 'The daemon was stopped by someone else each time it had been started.', {
    group: 'failed',
    hint: 'Two versions of mizer may be in use at once: compare `mzr --version` in your terminals.',
  });
}

/** What only a start needs is not loaded where the daemon runs, which is nearly always. */
async function start(directory: string, { env, say }: ConnectOptions): Promise<Socket> {
  const { startAndConnect } = await import('./start.js');
  return startAndConnect(directory, env, say);
}

/** A connection to the daemon if one listens, whatever its build; starts nothing. */
export async function connectIfRunning(env: Environment, uid: number): Promise<Connection | undefined> {
  const directory = runtimeDirectory(env, uid);
  ensureRuntimeDirectory(directory, uid);
  const socket = await tryConnect(directory);
  return socket === undefined ? undefined : clientOver(socket);
}

async function greet(connection: Connection, build: string): Promise<HelloResult | undefined> {
  try {
    return await connection.request('hello', { protocol: protocolVersion, build });
  } catch (error) {
    if (error instanceof MizerError && error.code === 'E_DAEMON_GONE') return undefined;
    connection.close();
    throw error;
  }
}

/** Asks the daemon to go and waits until it has gone. `false` when it is needed after all. */
async function stop(connection: Connection): Promise<boolean> {
  const { stopped } = await connection.request('daemon/stop', { force: false });
  if (!stopped) return false;
  const limit = new AbortController();
  await Promise.race([
    connection.closed,
    pause(stopLimitMs, undefined, { signal: limit.signal }).catch(() => undefined),
  ]);
  limit.abort();
  connection.close();
  return true;
}

function versionError(met: HelloResult): MizerError {
  const sentence = `The running daemon (process ${met.pid}) speaks protocol ${met.protocol}, this command ${protocolVersion}.`;
  return new MizerError('E_DAEMON_VERSION', sentence, {
    hint: 'Wait until its commands have ended, or run `mzr daemon stop --force`: sessions live on.',
    data: { pid: met.pid, protocol: met.protocol, build: met.build },
  });
}
