import fs from 'node:fs';
import { parseMountinfo, type Mount } from '../linux/mountinfo.js';
import { namespaceId } from '../linux/namespaces.js';
import { mountNamespaces, processIds } from '../linux/process.js';
import type { ContextKey, Inhabitant } from '../contexts/mounts.js';
import { asMountPoint } from './places.js';
import { contextAt, contextsInSight, inside, sourceOf, stackAt, type Sight } from './view.js';

/**
 * Who is where, read from /proc each time and never remembered: sessions outlive the daemon. Everything is best effort against
 * processes that end meanwhile; they count as gone.
 */
export class Presence {
  readonly #state: string;

  /** @param state the directory of mount points: a namespace that has it mounted, and is not the hub's, is a session's */
  constructor(state: string) {
    this.#state = asMountPoint(state);
  }

  /** Who sees contexts of a store, by context name. */
  inhabitants(storeId: string): Map<string, Inhabitant[]> {
    const found = new Map<string, Inhabitant[]>();
    for (const { namespace, pids, mounts } of this.#sessions()) {
      const names = new Set(
        contextsInSight(mounts, this.#state)
          .filter(({ key }) => key.storeId === storeId)
          .map(({ key }) => key.name),
      );
      if (names.size === 0) continue;
      const people = pids.map((pid) => ({ pid, namespace, command: commandOf(pid) }));
      for (const name of names) found.set(name, [...(found.get(name) ?? []), ...people]);
    }
    return found;
  }

  /** How many sessions live, also those that see the host view just now. */
  count(): number {
    return this.#sessions().length;
  }

  /**
   * Processes that keep a context's file system in use: they have it mounted at a work tree, on top or not, or they hold a file or
   * directory of it from before a switch.
   * @param dev `major:minor` of the mounted context
   */
  users(key: ContextKey, dev: string): number[] {
    const source = sourceOf(key);
    const users = new Set<number>();
    for (const { pids, mounts } of this.#sessions()) {
      const pinned = mounts.some((mount) => mount.source === source && !inside(mount.mountPoint, this.#state));
      for (const pid of pids) if (pinned || holds(pid, dev)) users.add(pid);
    }
    return [...users];
  }

  /** What a process stands in: `undefined` when it is in no session, or sees the host view there. */
  standing(pid: number, directory: string): Sight | undefined {
    if (!this.isSession(pid)) return undefined;
    return contextAt(mountsOrNone([pid], this.#state), this.#state, asMountPoint(directory));
  }

  /** Whether a process is in a mount namespace that this hub handed out. */
  isSession(pid: number): boolean {
    const namespace = namespaceId(pid, 'mnt');
    if (namespace === undefined || namespace === namespaceId('self', 'mnt')) return false;
    return stackAt(mountsOrNone([pid], this.#state), this.#state).length > 0;
  }

  #sessions(): { readonly namespace: string; readonly pids: number[]; readonly mounts: Mount[] }[] {
    const hub = namespaceId('self', 'mnt');
    const byNamespace = new Map<string, number[]>();
    for (const { pid, mountNamespace } of mountNamespaces()) {
      if (mountNamespace === hub) continue;
      byNamespace.set(mountNamespace, [...(byNamespace.get(mountNamespace) ?? []), pid]);
    }
    return [...byNamespace]
      .map(([namespace, pids]) => ({ namespace, pids, mounts: mountsOrNone(pids, this.#state) }))
      .filter(({ mounts }) => stackAt(mounts, this.#state).length > 0);
  }
}

/** Processes anywhere on the machine that have a context of this name mounted, whether of this hub or another. */
export function seenAnywhere(key: ContextKey): number[] {
  const source = sourceOf(key);
  return processIds().filter((pid) => mountsOrNone([pid]).some((mount) => mount.source === source));
}

/**
 * The mounts of the first of `pids` that still lives, without those below `state`: a session has each context of the hub there, and
 * with fifty of them most of the time would go into reading what nobody looks at.
 */
function mountsOrNone(pids: readonly number[], state?: string): Mount[] {
  for (const pid of pids) {
    try {
      const text = fs.readFileSync(`/proc/${pid}/mountinfo`, 'latin1');
      const lines = text.split('\n').filter((line) => state === undefined || !line.includes(` ${state}/`));
      if (text !== '') return parseMountinfo(lines.join('\n'));
    } catch {
      // It has ended; another one of the same namespace may live.
    }
  }
  return [];
}

function commandOf(pid: number): string {
  try {
    const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return words.length > 0 ? words.join(' ') : fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Whether a process has its working directory, its root or an open file in the file system `dev`. */
function holds(pid: number, dev: string): boolean {
  return [`/proc/${pid}/cwd`, `/proc/${pid}/root`, ...descriptors(pid)].some((path) => {
    try {
      return deviceText(fs.statSync(path).dev) === dev;
    } catch {
      return false;
    }
  });
}

function descriptors(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
  } catch {
    return [];
  }
}

/** A device number of stat(2) as mountinfo writes it; makedev(3). */
function deviceText(dev: number): string {
  const value = BigInt(dev);
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & ~0xfffn);
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}
