import { mkdirSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MizerError } from '../model/errors.js';
import { fromText, toBytes } from '../model/tree-path.js';
import { ownMounts, type Mount } from '../linux/mountinfo.js';
import type { ContextKey, Inhabitant, MountRequest, Mounts } from '../contexts/mounts.js';
import { claim, giveBack, renewClaim } from './claim.js';
import { forgetHolder, holdersHere, noteHolder, readHolder, startHolder, type DaemonStart } from './holder.js';
import { stillLives, type Identity } from './identity.js';
import { KeyedMutex } from './keyed-mutex.js';
import type { Log } from './log.js';
import type { NamespaceThread } from './namespace-thread.js';
import { asMountPoint, type Places } from './places.js';
import type { Presence } from './presence.js';
import { inside, keyOf, sourceOf, stackAt } from './view.js';

const holderCheckMs = 2_000;

interface HubParts {
  readonly places: Places;
  readonly start: DaemonStart;
  readonly thread: NamespaceThread;
  readonly presence: Presence;
  readonly log: Log;
}

/** The one place where contexts are mounted. The daemon's main thread lives in it, so what is mounted is read from the daemon's own mountinfo. */
export class Hub implements Mounts {
  readonly #parts: HubParts;
  readonly #mutex = new KeyedMutex();
  readonly #holderCheck: NodeJS.Timeout;
  #holder: Identity;
  /** Asked before an unmount: whether a namespace with this context waits for its client. */
  awaited: (key: ContextKey) => boolean = () => false;

  private constructor(parts: HubParts, holder: Identity) {
    this.#parts = parts;
    this.#holder = holder;
    this.#holderCheck = setInterval(() => void this.#keepHolder(), holderCheckMs).unref();
  }

  /** To be called inside the holder's namespaces; finds what an earlier daemon mounted. */
  static async open(parts: HubParts): Promise<Hub> {
    await parts.thread.call('prepareHub', parts.places.state);
    const holder = readHolder(parts.places.runtime) ?? (await startHolder([], parts.start));
    noteHolder(parts.places.runtime, holder);
    const hub = new Hub(parts, holder);
    hub.#renewClaims();
    return hub;
  }

  /** The process that keeps the namespaces. */
  get holder(): number {
    return this.#holder.pid;
  }

  mountPoint(key: ContextKey): string {
    return join(this.#parts.places.hub, key.storeId, key.name);
  }

  secondPath(storeId: string, workTree: string): string {
    return join(this.#parts.places.git, storeId, basename(workTree), '.git');
  }

  bindGitDirectory(storeId: string, workTree: string, commonDirectory: string): Promise<string> {
    const target = this.secondPath(storeId, workTree);
    return this.#mutex.run(target, async () => {
      if (this.#mountAt(target) === undefined) {
        mkdirSync(target, { recursive: true, mode: 0o700 });
        await this.#parts.thread.call('bind', { source: commonDirectory, target });
      }
      return target;
    });
  }

  mount(request: MountRequest): Promise<string> {
    const { key, upper, work, lowers } = request;
    const target = this.mountPoint(key);
    return this.#mutex.run(target, async () => {
      if (this.isMounted(key)) return target;
      claim(upper, key, this.#holder);
      mkdirSync(target, { recursive: true, mode: 0o700 });
      try {
        const overlay = { source: sourceOf(key), lowers, changes: { upper, work }, target };
        await this.#parts.thread.call('mountOverlay', overlay);
      } catch (error) {
        removeEmpty(target);
        giveBack(upper);
        throw error;
      }
      return target;
    });
  }

  unmount(key: ContextKey): Promise<void> {
    const target = this.mountPoint(key);
    return this.#mutex.run(target, async () => {
      const mount = this.#mountAt(target);
      if (mount === undefined) return;
      const users = this.#parts.presence.users(key, mount.dev);
      if (users.length > 0 || this.awaited(key)) throw inUse(key, users);
      await this.#detach(mount, target);
    });
  }

  isMounted(key: ContextKey): boolean {
    return this.#mountAt(this.mountPoint(key)) !== undefined;
  }

  inhabitants(storeId: string): Promise<ReadonlyMap<string, readonly Inhabitant[]>> {
    return Promise.resolve(this.#parts.presence.inhabitants(storeId));
  }

  /** The contexts that are mounted. */
  contexts(): ContextKey[] {
    return this.#mounts().flatMap((mount) => keyOf(mount.source) ?? []);
  }

  /**
   * Ends the hub where nobody is left in it: unmounts everything and ends the holder. Where somebody is, all stays for the next daemon.
   * @returns whether it has ended
   */
  async close(): Promise<boolean> {
    clearInterval(this.#holderCheck);
    if (this.#parts.presence.count() > 0) return false;
    for (const mount of this.#mounts().toReversed()) {
      await this.#detach(mount, Buffer.from(toBytes(mount.mountPoint)).toString());
    }
    for (const pid of holdersHere()) process.kill(pid, 'SIGKILL');
    forgetHolder(this.#parts.places.runtime);
    return true;
  }

  async #detach(mount: Mount, target: string): Promise<void> {
    await this.#parts.thread.call('detach', target);
    removeEmpty(target);
    removeEmpty(dirname(target));
    if (inside(target, this.#parts.places.git)) removeEmpty(dirname(dirname(target)));
    const upper = upperOf(mount);
    if (upper !== undefined) giveBack(upper);
  }

  /** What lies below the directory of mount points. */
  #mounts(): Mount[] {
    const state = asMountPoint(this.#parts.places.state);
    return ownMounts().filter((mount) => mount.mountPoint !== state && inside(mount.mountPoint, state));
  }

  #mountAt(path: string): Mount | undefined {
    return stackAt(ownMounts(), fromText(path)).at(-1);
  }

  /** The daemon's own namespaces are the hub, so when the holder is killed, a child that simply inherits them is as good. */
  async #keepHolder(): Promise<void> {
    if (stillLives(this.#holder)) return;
    try {
      this.#holder = await startHolder([], this.#parts.start);
      noteHolder(this.#parts.places.runtime, this.#holder);
      this.#renewClaims();
      this.#parts.log.info(`The holder was killed; process ${this.#holder.pid} took its place.`);
    } catch (error) {
      this.#parts.log.error('The holder was killed and no other could be started.', error);
    }
  }

  #renewClaims(): void {
    for (const upper of this.#mounts().map(upperOf)) if (upper !== undefined) renewClaim(upper, this.#holder);
  }
}

/** Where a context's changes go; `undefined` where mountinfo does not tell (a path too long for the kernel to be given). */
function upperOf(mount: Mount): string | undefined {
  if (keyOf(mount.source) === undefined) return undefined;
  const path = mount.superOptions.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
  if (path === undefined || path.startsWith('/proc/')) return undefined;
  return Buffer.from(toBytes(path)).toString();
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Others use it, or it has gone: either is well.
  }
}

function inUse(key: ContextKey, pids: readonly number[]): MizerError {
  const who = pids.length === 0 ? 'a session that is about to start' : `process ${pids.slice(0, 5).join(', ')}`;
  return new MizerError('E_CONTEXT_IN_USE', `The context ${key.name} is in use by ${who}.`, {
    hint: `End it, or all of them with \`mzr stop ${key.name}\`.`,
    data: { context: key.name, pids },
  });
}
