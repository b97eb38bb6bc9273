import { buildId } from '../protocol/build.js';
import { protocolVersion, type DaemonStatus, type Method, type Params, type Result } from '../protocol/messages.js';
import type { ProgressListener } from '../protocol/connection.js';
import { logPath, socketPath } from '../protocol/runtime-directory.js';
import type { WatchStatus } from '../protocol/messages.js';
import type { ContextKey, Mounts } from '../contexts/mounts.js';
import type { Ids } from './chain.js';
import type { Log } from './log.js';
import type { Places } from './places.js';
import type { Presence } from './presence.js';
import { checkParams, isMethod, protocolError } from './schemas.js';
import type { Caller, Sessions } from './sessions.js';

/** Who asks, and how to tell him how far it is. */
export interface Call {
  readonly caller: Caller;
  readonly progress: ProgressListener;
}

export type Handler<M extends Method> = (params: Params<M>, call: Call) => Promise<Result<M>>;

/** The handler of each request. */
export type Services = { readonly [M in Method]: Handler<M> };

type OwnMethod = 'hello' | 'daemon/status' | 'daemon/stop';
/** Requests that a stop of the daemon does not disturb. */
const passing: readonly Method[] = ['hello', 'daemon/status', 'daemon/stop'] satisfies OwnMethod[];

/** The hub as the daemon's life needs it. */
export interface LiveHub extends Mounts {
  readonly holder: number | undefined;
  contexts(): readonly ContextKey[];
  /** @returns whether the hub has ended; not while somebody is in it */
  close(): Promise<boolean>;
}

/** What the daemon is made of, for its services. */
export interface Parts {
  readonly places: Places;
  readonly log: Log;
  readonly hub: LiveHub;
  readonly presence: Presence;
  readonly sessions: Sessions;
  /** The user's ids outside of the hub; absent when the daemon is privileged and there is no user namespace. */
  readonly ids: Ids | undefined;
}

/** A capability as the daemon runs it. */
export interface Capability {
  readonly services: Partial<Omit<Services, OwnMethod>>;
  watched(): Promise<readonly WatchStatus[]>;
  close(): Promise<void>;
}

/** Counts what a stop would disturb: requests under way, and commands that clients await. */
export class Activity {
  readonly #requests = new Set<Promise<unknown>>();
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  get busy(): number {
    return this.#requests.size + this.#sessions.awaited();
  }

  async during<T>(method: Method, task: () => Promise<T>): Promise<T> {
    if (passing.includes(method)) return task();
    const request = task();
    this.#requests.add(request);
    try {
      return await request;
    } finally {
      this.#requests.delete(request);
    }
  }

  /** Resolves when no request is under way. */
  async settled(): Promise<void> {
    while (this.#requests.size > 0) await Promise.allSettled(this.#requests);
  }
}

/** What the daemon itself answers, whatever it is used for. */
export function ownServices(
  parts: Parts,
  capability: Capability,
  activity: Activity,
  end: () => void,
): Pick<Services, OwnMethod> {
  const build = buildId();
  const startedAt = new Date().toISOString();
  return {
    hello: async () => ({ protocol: protocolVersion, build, pid: process.pid, busy: activity.busy }),
    'daemon/status': async (): Promise<DaemonStatus> => ({
      pid: process.pid,
      build,
      startedAt,
      socket: socketPath(parts.places.runtime),
      log: logPath(parts.places.runtime),
      ...(parts.hub.holder === undefined ? {} : { holder: parts.hub.holder }),
      residentBytes: process.memoryUsage.rss(),
      sessions: parts.presence.count(),
      mounts: parts.hub.contexts().length,
      watched: await capability.watched(),
    }),
    'daemon/stop': async ({ force }) => {
      const { busy } = activity;
      const stopped = force || busy === 0;
      if (stopped) end();
      return { stopped, busy };
    },
  };
}

/**
 * Carries out one request, checked against its schema.
 * @throws MizerError `E_PROTOCOL` for what is no request, or what its handler throws
 */
export async function carryOut(
  services: Partial<Services>,
  activity: Activity,
  method: string,
  params: unknown,
  call: Call,
): Promise<unknown> {
  const handler = isMethod(method) ? services[method] : undefined;
  if (!isMethod(method) || handler === undefined) {
    throw protocolError(`There is no request named ${JSON.stringify(method)}.`, { method });
  }
  const checked = checkParams(method, params);
  const handle = handler as (params: unknown, call: Call) => Promise<unknown>;
  return activity.during(method, () => handle(checked, call));
}
