import { readFileSync } from 'node:fs';
import { MizerError } from '../model/errors.js';
import { mountsOf, type Mount } from '../linux/mountinfo.js';
import { closeDescriptor } from '../linux/native.js';
import { namespaceId, namespaceIdOf, openNamespace, openOwner, openParent } from '../linux/namespaces.js';
import { processIds } from '../linux/process.js';
import { noteHolder, readHolder, startHolder, type DaemonStart } from './holder.js';
import type { Identity } from './identity.js';
import { asMountPoint, type Places } from './places.js';
import { stackAt } from './view.js';

const newMounts = ['--mount', '--propagation', 'slave'] as const;

/** Whether this process may mount as it is. Otherwise a user namespace gives it the right to, within. */
export function isPrivileged(): boolean {
  const effective = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  const sysAdmin = 21n;
  return process.getuid?.() === 0 && ((BigInt(`0x${effective}`) >> sysAdmin) & 1n) === 1n;
}

/** Whether this process is inside a session, from where an ordinary user cannot enter the hub. */
export function isShutIn(places: Places): boolean {
  return !isPrivileged() && stackAt(mountsOrNone(process.pid), asMountPoint(places.state)).length > 0;
}

/**
 * The process that keeps the hub: the noted one; else a new one that enters the hub through a living process of it; else one with
 * new namespaces. To be called by one process at a time, outside of sessions.
 * @throws MizerError `E_NAMESPACES`
 */
export async function obtainHolder(
  places: Places,
  start: DaemonStart,
  say: (sentence: string) => void,
): Promise<Identity> {
  const known = readHolder(places.runtime);
  if (known !== undefined) return known;
  const holder = (await recover(places, start, say)) ?? (await startHolder(freshChain(), start));
  noteHolder(places.runtime, holder);
  return holder;
}

function freshChain(): string[] {
  return ['unshare', ...(isPrivileged() ? [] : ['--user', '--map-root-user']), ...newMounts, '--'];
}

/** The programs that lead from outside into the namespaces of `holder`. */
export function chainInto(holder: Identity): string[] {
  const users = isPrivileged() ? [] : ['--user', '--preserve-credentials'];
  return ['nsenter', `--target=${holder.pid}`, ...users, '--mount', '--'];
}

interface Survivor {
  readonly pid: number;
  /** It lives in the hub itself (the daemon, a holder), not in a session's private copy. */
  readonly inHub: boolean;
}

/** Processes that see this hub's directory of mount points, each in another mount namespace; the hub's own first. */
function survivors(state: string): Survivor[] {
  const found = new Map<string, Survivor>();
  for (const pid of processIds()) {
    const namespace = namespaceId(pid, 'mnt');
    if (namespace === undefined || found.has(namespace)) continue;
    const top = stackAt(mountsOrNone(pid), asMountPoint(state)).at(-1);
    if (top === undefined) continue;
    found.set(namespace, { pid, inHub: top.optional.some((field) => field.startsWith('shared:')) });
  }
  return [...found.values()].toSorted((a, b) => Number(b.inHub) - Number(a.inHub));
}

function mountsOrNone(pid: number): Mount[] {
  try {
    return mountsOf(pid);
  } catch {
    return [];
  }
}

/** A new holder in the hub, or in a private copy of a session's view of it, when someone is left there. */
async function recover(
  places: Places,
  start: DaemonStart,
  say: (sentence: string) => void,
): Promise<Identity | undefined> {
  for (const { pid, inHub } of survivors(places.state)) {
    try {
      const holder = await enterThrough(pid, inHub, start);
      say(`The holder was gone; the hub was found again through process ${pid}.`);
      return holder;
    } catch (error) {
      say(
        `The hub cannot be entered through process ${pid}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return undefined;
}

async function enterThrough(pid: number, inHub: boolean, start: DaemonStart): Promise<Identity> {
  const mounts = openNamespace(`/proc/${pid}/ns/mnt`);
  const own = `/proc/${process.pid}/fd`;
  const copy = inHub ? [] : ['unshare', ...newMounts, '--'];
  try {
    if (isPrivileged()) return await startHolder(['nsenter', `--mount=${own}/${mounts}`, '--', ...copy], start);
    const users = openHubUsers(mounts);
    try {
      const enter = ['nsenter', `--user=${own}/${users}`, `--mount=${own}/${mounts}`, '--preserve-credentials', '--'];
      return await startHolder([...enter, ...copy], start);
    } finally {
      closeDescriptor(users);
    }
  } finally {
    closeDescriptor(mounts);
  }
}

/**
 * The hub's user namespace, which owns the mount namespaces of all sessions but those begun inside a session: their mounts are locked,
 * and a hub that cannot detach is none.
 */
function openHubUsers(mounts: number): number {
  const users = openOwner(mounts);
  const parent = openParent(users);
  const direct = namespaceIdOf(parent, 'user') === namespaceId('self', 'user');
  closeDescriptor(parent);
  if (direct) return users;
  closeDescriptor(users);
  throw new MizerError('E_SESSION_NESTED', 'It is in a session that was begun inside another one.', {
    hint: 'Leave that session.',
  });
}
