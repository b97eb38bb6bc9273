import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { randomUUID } from 'node:crypto';
import { MizerError } from '../model/errors.js';
import { fromText } from '../model/tree-path.js';
import { closeDescriptor } from '../linux/native.js';
import { namespaceId } from '../linux/namespaces.js';
import { parentPid } from '../linux/process.js';
import type { ContextKey } from '../contexts/mounts.js';
import { enterChain, handshakeChain, type Ids } from './chain.js';
import type { NamespaceThread } from './namespace-thread.js';
import type { Presence } from './presence.js';
import type { Substitute } from './ssh-files.js';
import { inside, type Sight, type View } from './view.js';

/** The client behind a connection, as the kernel names it. */
export interface Caller {
  readonly pid: number;
  /** As seen from the daemon's user namespace. */
  readonly gid: number;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
}

/** A context as a session is to see it. */
export interface ContextView extends View {
  readonly key: ContextKey;
  readonly mountPoint: string;
}

export interface OpenedSession {
  readonly session: string;
  readonly chain: readonly string[];
  readonly handshake: boolean;
}

interface Pending {
  readonly id: string;
  readonly view: ContextView;
  readonly caller: Caller;
  /** Held open for the client's chain; closed when it has entered, or has had its time. */
  fd?: number;
  readonly namespace?: string;
  connected: boolean;
}

const entryLimitMs = 15_000;
const entryCheckMs = 100;

interface SessionsParts {
  readonly thread: NamespaceThread;
  readonly presence: Presence;
  /** Who the user is outside of the hub; absent when the daemon is privileged and there is no user namespace. */
  readonly ids: Ids | undefined;
  /** Files that a new session is to see in place of others. */
  substitutes(this: void): readonly Substitute[];
}

/**
 * Prepares mount namespaces for clients and changes what they show. Only what a client has asked for and not yet entered is
 * remembered, as long as it may still come; sessions themselves are found by looking at processes.
 */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #pending = new Map<string, Pending>();

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /**
   * Prepares a session that starts with `view`, its command in `cwd` or the nearest parent that exists in the context.
   * @throws MizerError `E_GROUP` when the caller's primary group is not the one that the hub's user namespace knows
   */
  async open(caller: Caller, view: ContextView, cwd: string): Promise<OpenedSession> {
    const { thread, presence, ids, substitutes } = this.#parts;
    if (ids !== undefined && caller.gid !== process.getgid?.()) throw otherGroup(ids);
    const id = randomUUID();
    const start = startDirectory(view, cwd);
    const inSession = presence.isSession(caller.pid);
    if (inSession && ids !== undefined) {
      this.#remember({ id, view, caller, connected: true });
      return { session: id, chain: handshakeChain(ids, start), handshake: true };
    }
    const base = inSession ? { base: caller.pid } : {};
    const { fd, namespace } = await thread.call('openSession', { view, substitutes: substitutes(), ...base });
    this.#remember({ id, view, caller, fd, namespace, connected: true });
    return { session: id, chain: enterChain(ids, fd, start), handshake: false };
  }

  /**
   * Shows the session's context to a process in namespaces of its own, which was started by the client that opened the session.
   * @throws MizerError `E_SESSION_UNKNOWN`, `E_SESSION_FOREIGN`
   */
  async enter(caller: Caller, session: string, pid: number): Promise<void> {
    const pending = this.#pending.get(session);
    if (pending === undefined || pending.caller.pid !== caller.pid || pending.namespace !== undefined) {
      throw new MizerError('E_SESSION_UNKNOWN', 'There is no session of yours with that id that waits for a process.', {
        hint: 'Run the command again.',
      });
    }
    const own = this.#parts.presence.isSession(pid) && isDescendant(pid, caller.pid);
    if (!own || namespaceId(pid, 'mnt') === namespaceId(caller.pid, 'mnt')) throw foreign(pid);
    await this.#parts.thread.call('show', { view: pending.view, pid });
  }

  /** Forgets a session that its client has awaited. Nothing when it is unknown. */
  end(session: string): void {
    const pending = this.#pending.get(session);
    if (pending !== undefined) this.#forget(pending);
  }

  /** @throws MizerError `E_SESSION_NONE` when the caller is in no session */
  check(caller: Caller): void {
    if (!this.#parts.presence.isSession(caller.pid)) {
      throw new MizerError('E_SESSION_NONE', 'You are in no session, so there is nothing to switch.', {
        hint: 'Start one with `mzr shell CONTEXT`.',
      });
    }
  }

  /** Shows `view` to the session the caller is in, instead of what it sees there now. @throws MizerError `E_SESSION_NONE` */
  async show(caller: Caller, view: View): Promise<void> {
    this.check(caller);
    await this.#parts.thread.call('show', { view, pid: caller.pid });
  }

  /** What a process sees at `directory`: the context and its work tree; `undefined` for the host view. */
  standing(pid: number, directory: string): Sight | undefined {
    return this.#parts.presence.standing(pid, directory);
  }

  /** How many commands clients await: a session was opened over a connection that still stands. */
  awaited(): number {
    return [...this.#pending.values()].filter((pending) => pending.connected).length;
  }

  /** Whether a namespace with this context waits for its client to enter. */
  isPending(key: ContextKey): boolean {
    return [...this.#pending.values()].some(
      (pending) =>
        pending.fd !== undefined &&
        pending.view.key.storeId === key.storeId &&
        pending.view.key.name === key.name &&
        !isOver(pending),
    );
  }

  /** Whether any client may still come for its namespace. */
  get anyPending(): boolean {
    return this.#pending.size > 0;
  }

  close(): void {
    for (const pending of this.#pending.values()) this.#forget(pending);
  }

  #remember(pending: Pending): void {
    this.#pending.set(pending.id, pending);
    void pending.caller.closed.then(() => this.#awaitEntry(pending));
  }

  /** The client that hung up is on its way in: it has become the chain, or a child of its is. */
  #awaitEntry(pending: Pending): void {
    pending.connected = false;
    const limit = Date.now() + entryLimitMs;
    const look = (): void => {
      if (!this.#pending.has(pending.id)) return;
      const over = pending.fd === undefined || Date.now() > limit || isOver(pending);
      if (over) this.#forget(pending);
      else setTimeout(look, entryCheckMs).unref();
    };
    look();
  }

  #forget(pending: Pending): void {
    this.#pending.delete(pending.id);
    if (pending.fd !== undefined) closeDescriptor(pending.fd);
    delete pending.fd;
  }
}

/** Whether the client has become its session's command, or has ended. */
function isOver({ caller, namespace }: Pending): boolean {
  return namespaceId(caller.pid, 'mnt') === namespace || !existsSync(`/proc/${caller.pid}`);
}

/** The directory the command starts in: `cwd` where the session will have it, else the nearest parent it has. */
function startDirectory(view: ContextView, cwd: string): string {
  let directory = cwd;
  while (directory !== '/' && !isDirectory(asSeenInHub(view, directory))) directory = dirname(directory);
  return directory;
}

/** Where the hub has what the session will have at `path`. */
function asSeenInHub(view: ContextView, path: string): string {
  if (!inside(path, view.workTree)) return path;
  const below = relative(view.workTree, path);
  const shared = view.share.some((share) => inside(fromText(below), share));
  return shared ? path : join(view.mountPoint, below);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isDescendant(pid: number, ancestor: number): boolean {
  for (let next: number | undefined = pid; next !== undefined && next > 0; next = parentPid(next)) {
    if (next === ancestor) return true;
  }
  return false;
}

function otherGroup({ gid }: Ids): MizerError {
  return new MizerError('E_GROUP', `Your primary group is not the one the daemon was started with (${gid}).`, {
    hint: `Use that group (\`newgrp\`), or stop all sessions and the daemon: \`mzr daemon stop\`.`,
    data: { gid },
  });
}

function foreign(pid: number): MizerError {
  return new MizerError(
    'E_SESSION_FOREIGN',
    `Process ${pid} is none that this client started in namespaces of its own.`,
    {
      hint: 'Run the command again.',
      data: { pid },
    },
  );
}
