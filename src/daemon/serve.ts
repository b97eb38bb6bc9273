import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MizerError } from '../model/errors.js';
import { failurePath } from '../protocol/runtime-directory.js';
import type { DaemonStart } from './holder.js';
import { Hub } from './hub.js';
import type { Log } from './log.js';
import { startNamespaceThread } from './namespace-thread.js';
import { noHub, noThread } from './no-hub.js';
import type { Places } from './places.js';
import { Presence } from './presence.js';
import { listen } from './server.js';
import { Activity, carryOut, ownServices, type Capability, type Parts } from './services.js';
import { Sessions } from './sessions.js';
import { filesCheckedBySsh, sshConfigurations, sshSubstitutes, type Substitute } from './ssh-files.js';

const defaultIdleSeconds = 900;
/** How long requests under way may take to end before the daemon does without them. */
const requestLimitMs = 5_000;
/** Enough for an answer to reach the socket before the daemon goes. */
const answerMs = 20;

/** How to start what the daemon is for. */
export type MakeCapability = (parts: Parts) => Promise<Capability>;

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
export async function serve(start: Start, makeCapability: MakeCapability): Promise<void> {
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
