import { bootId, isAlive, startTime } from '../linux/process.js';
import { namespaceId } from '../linux/namespaces.js';

/** Names one process of one boot, and the mount namespace it keeps, for a file that a later process reads. */
export interface Identity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
  readonly bootId: string;
  /** `mnt:[…]` */
  readonly mountNamespace: string;
}

/** The identity of a living process, or `undefined` when it is gone or may not be looked at. */
export function identify(pid: number): Identity | undefined {
  const started = startTime(pid);
  const mountNamespace = namespaceId(pid, 'mnt');
  if (started === undefined || mountNamespace === undefined) return undefined;
  return { pid, startTime: started, bootId: bootId(), mountNamespace };
}

/** Whether the very process lives, in the namespace where it was. Read from /proc, so a reused pid or another boot is not mistaken for it. */
export function stillLives(identity: Identity): boolean {
  if (identity.bootId !== bootId() || !isAlive(identity.pid, identity.startTime)) return false;
  const now = namespaceId(identity.pid, 'mnt');
  return now === undefined || now === identity.mountNamespace;
}

/** What a file held, as an identity; `undefined` for anything else. */
export function parseIdentity(text: string): Identity | undefined {
  try {
    const value = JSON.parse(text) as Partial<Identity> | null;
    const sound =
      Number.isInteger(value?.pid) &&
      Number.isInteger(value?.startTime) &&
      typeof value?.bootId === 'string' &&
      typeof value.mountNamespace === 'string';
    return sound ? (value as Identity) : undefined;
  } catch {
    return undefined;
  }
}
