import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
import { Hub } from './hub.js';
import { openLog, type Log } from './log.js';
import { startNamespaceThread } from './namespace-thread.js';
import { noHub, noThread } from './no-hub.js';
import { chainInto, isPrivileged, isShutIn, obtainHolder } from './obtain-hub.js';
import { findPlaces, type Places } from './places.js';
import { Presence } from './presence.js';
import { listen } from './server.js';
import { Activity, carryOut, ownServices, type Capability, type Parts } from './services.js';
import { Sessions } from './sessions.js';
import { filesCheckedBySsh, sshConfigurations, sshSubstitutes, type Substitute } from './ssh-files.js';

const defaultIdleSeconds = 900;
const lockLimitMs = 10_000;
const lockCheckMs = 20;
/** How long requests under way may take to end before the daemon does without them. */
const requestLimitMs = 5_000;
/** Enough for an answer to reach the socket before the daemon goes. */
const answerMs = 20;

/** How to start what the daemon is for. */
export type MakeCapability = (parts: Parts) => Promise<Capability>;

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

interface Start extends DaemonStart {
  readonly places: Places;
  readonly log: Log;
  /** Why there is no hub. */
  readonly reason?: MizerError;
}

/** What sessions of an ordinary user need for ssh. A session without it is better than none. */
function substitutesFor(places: Places, log: Log): readonly Substitute[] {
  try {
    const files = filesCheckedBySsh(sshConfigurations(process.env['HOME'] ?? '/'));
    return sshSubstitutes(files, join(places.state, 'ssh'));
  } catch (error) {
    log.error('The files that ssh would refuse inside could not be copied.', error);
    return [];
  }
}

/** With the lock held: signals, state, listen, wait, and undo in reverse. */
async function serve(start: Start, makeCapability: MakeCapability): Promise<void> {
  const { places, log, ids, reason } = start;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);

  const thread = reason === undefined ? startNamespaceThread() : noThread(reason);
  const presence = new Presence(places.state);
  const substitutes = (): readonly Substitute[] => (ids === undefined ? [] : substitutesFor(places, log));
  const sessions = new Sessions({ thread, presence, ids, substitutes });
  const hub = reason === undefined ? await openHub() : noHub(reason, places);
  const parts: Parts = { places, log, hub, presence, sessions, ids };
  const capability = await makeCapability(parts);

  const activity = new Activity(sessions);
  const answered = (): void => void setTimeout(end, answerMs);
  const services = { ...ownServices(parts, capability, activity, answered), ...capability.services };
  const server = await listen(
    places.runtime,
    (method, params, call) => carryOut(services, activity, method, params, call),
    log,
  );
  rmSync(failurePath(places.runtime), { force: true });
  log.info(`Serving; the hub is kept by process ${hub.holder ?? 'none'}.`);

  const idleTimer = endWhenIdle(() => server.clients > 0 || sessions.anyPending || presence.count() > 0, end);
  await aborted(ending.signal);

  clearInterval(idleTimer);
  server.close();
  // What a request opens after all has been closed would keep the process, and what it mounts the hub.
  await Promise.race([activity.settled(), pause(requestLimitMs, undefined, { ref: false })]);
  await capability.close();
  sessions.close();
  const emptied = await hub.close();
  await thread.end();
  log.info(emptied ? 'Ended, and the hub with it.' : 'Ended; the hub stays for the sessions that live.');

  async function openHub(): Promise<Hub> {
    const opened = await Hub.open({ places, start, thread, presence, log });
    opened.awaited = (key) => sessions.isPending(key);
    return opened;
  }
}

/** Calls `end` once nothing has needed the daemon for a while: no client, no session, no process in any context. */
function endWhenIdle(isNeeded: () => boolean, end: () => void): NodeJS.Timeout {
  const idleMs = Number(process.env['MIZER_IDLE_SECONDS'] ?? defaultIdleSeconds) * 1000;
  let needed = Date.now();
  return setInterval(
    () => {
      if (isNeeded()) needed = Date.now();
      else if (Date.now() - needed >= idleMs) end();
    },
    Math.max(50, Math.min(30_000, idleMs / 4)),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
