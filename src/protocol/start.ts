import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import { daemonEntry } from './build.js';
import { failurePath, logPath, type Environment } from './runtime-directory.js';
import { tryConnect } from './socket.js';
import { fromWire } from './wire-error.js';

const startLimitMs = 20_000;
const lookAgainMs = 10;
const sayAfterMs = 400;
const staleStartMs = 5_000;

/** What would tie the daemon, which serves every repository, to the one its first client stood in; git-rev-parse(1), --local-env-vars. */
const notForDaemon = [
  'NODE_OPTIONS',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_CONFIG_COUNT',
  'GIT_CONFIG_PARAMETERS',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/**
 * Starts the daemon, or waits for the one that another client is starting, and connects to it.
 * @param say gets a sentence when it takes longer than one would not notice
 * @throws MizerError what kept the daemon from starting, or `E_DAEMON_START`
 */
export async function startAndConnect(
  runtimeDirectory: string,
  env: Environment,
  say: (sentence: string) => void,
): Promise<Socket> {
  const begun = Date.now();
  const knownFailure = failureTime(runtimeDirectory);
  const mark = join(runtimeDirectory, 'starting');
  let child: ChildProcess | undefined;
  let said = false;
  try {
    while (Date.now() - begun < startLimitMs) {
      const socket = await tryConnect(runtimeDirectory);
      if (socket !== undefined) return socket;
      if (failureTime(runtimeDirectory) !== knownFailure) throw readFailure(runtimeDirectory);
      if (child === undefined && takeMark(mark)) child = spawnDaemon(runtimeDirectory, env);
      if (child !== undefined && child.exitCode !== null && child.exitCode !== 0) throw notStarted(runtimeDirectory);
      if (!said && Date.now() - begun > sayAfterMs) {
        said = true;
        say('Starting the daemon …');
      }
      await pause(lookAgainMs);
    }
    throw notStarted(runtimeDirectory);
  } finally {
    if (child !== undefined) rmSync(mark, { force: true });
  }
}

/**
 * Whether this client is the one to start the daemon. Only saves processes: that there is one daemon is what its own lock is for, so
 * a mark left by a client that was killed may simply be taken over after a while.
 */
function takeMark(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && Date.now() - found.mtimeMs > staleStartMs) rmSync(path, { force: true });
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch {
    return false;
  }
}

function spawnDaemon(runtimeDirectory: string, env: Environment): ChildProcess {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
  const log = openSync(logPath(runtimeDirectory), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  const child = spawn(process.execPath, [daemonEntry, runtimeDirectory], {
    cwd: '/',
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !notForDaemon.includes(name))),
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  return child;
}

function failureTime(runtimeDirectory: string): bigint | undefined {
  return statSync(failurePath(runtimeDirectory), { bigint: true, throwIfNoEntry: false })?.mtimeNs;
}

function readFailure(runtimeDirectory: string): MizerError {
  try {
    const known = fromWire(JSON.parse(readFileSync(failurePath(runtimeDirectory), 'utf8')));
    return known ?? notStarted(runtimeDirectory);
  } catch {
    return notStarted(runtimeDirectory);
  }
}

function notStarted(runtimeDirectory: string): MizerError {
  const log = logPath(runtimeDirectory);
  return new MizerError('E_DAEMON_START', 'The daemon did not start.', {
    group: 'failed',
    hint: `Its log says why: \`tail ${log}\`.`,
    data: { log },
  });
}
