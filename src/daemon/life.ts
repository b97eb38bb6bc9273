import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import { becomeCommand } from '../linux/exec.js';
import { takeLock } from '../linux/flock.js';
import { failurePath, logPath } from '../protocol/runtime-directory.js';
import { tryConnect } from '../protocol/socket.js';
import { toWire } from '../protocol/wire-error.js';
import type { Ids } from './chain.js';
import { askHolder, commandInHub, type DaemonStart } from './holder.js';
import { openLog, type Log } from './log.js';
import { chainInto, isPrivileged, isShutIn, obtainHolder } from './obtain-hub.js';
import { findPlaces, type Places } from './places.js';
import type { MakeCapability } from './serve.js';

const lockLimitMs = 10_000;
const lockCheckMs = 20;

/**
 * The daemon from its start to its end. It runs twice: `ENTRY RUNTIME` outside, which finds or makes the hub and becomes
 * `ENTRY --in-hub RUNTIME UID GID` inside its namespaces (`- -` when privileged).
 * @param entry the program's own file
 */
export async function live(entry: string, argv: readonly string[], makeCapability: MakeCapability): Promise<void> {
  const inHub = argv[0] === '--in-hub';
  const [runtime = '', uid = '-', gid = '-'] = inHub ? argv.slice(1) : argv;
  const log = openLog(logPath(runtime));
  try {
    const ids = inHub ? idsFrom(uid, gid) : ownIds();
    const start: DaemonStart = { entry, runtime, ids };
    const places = findPlaces(runtime, process.env);
    if (!inHub && isShutIn(places)) {
      if (askHolder(runtime)) return;
      throw shutIn();
    }
    const lock = await takeDaemonLock(runtime);
    if (lock === undefined) return;
    const reason = inHub ? undefined : await enterHub(start, places, log);
    // What serves is not loaded before it is needed: outside of the hub it nearly never is.
    const { serve } = await import('./serve.js');
    await serve({ ...start, places, log, ...(reason === undefined ? {} : { reason }) }, makeCapability);
    closeSync(lock);
  } catch (error) {
    log.error('The daemon did not start or ended badly.', error);
    const file = failurePath(runtime);
    writeFileSync(`${file}.new`, JSON.stringify(toWire(error)), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    process.exitCode = 1;
  }
}

/** The lock that there is one daemon; waits for one that is about to end. `undefined` when another one serves. */
async function takeDaemonLock(runtime: string): Promise<number | undefined> {
  const fd = openSync(join(runtime, 'daemon.lock'), 'w', 0o600);
  const limit = Date.now() + lockLimitMs;
  while (!takeLock(fd, 'exclusive')) {
    const other = await tryConnect(runtime);
    other?.destroy();
    if (other !== undefined) return undefined;
    if (Date.now() > limit) {
      throw new MizerError('E_DAEMON_STUCK', 'Another daemon of yours neither serves nor ends.', {
        group: 'failed',
        hint: `Find it with \`fuser ${join(runtime, 'daemon.lock')}\` and end it.`,
      });
    }
    await pause(lockCheckMs);
  }
  return fd;
}

function ownIds(): Ids | undefined {
  return isPrivileged() ? undefined : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function idsFrom(uid: string, gid: string): Ids | undefined {
  return uid === '-' ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Becomes the daemon inside the hub; comes back with the reason where this machine allows no hub. */
async function enterHub(start: DaemonStart, places: Places, log: Log): Promise<MizerError> {
  try {
    const holder = await obtainHolder(places, start, (sentence) => log.info(sentence));
    const [first = '', ...rest] = chainInto(holder);
    becomeCommand([first, ...rest, ...commandInHub(start)], process.env);
  } catch (error) {
    if (error instanceof MizerError && error.code === 'E_NAMESPACES') return error;
    throw error;
  }
}

function shutIn(): MizerError {
  const sentence =
    'The daemon does not run, nor does what would start it, and from inside a session it cannot be started.';
  return new MizerError('E_DAEMON_INSIDE', sentence, {
    hint: 'Run any mizer command, such as `mzr list`, in a terminal outside of sessions; then this one again.',
  });
}
