import fs from 'node:fs';
import { namespaceId } from './namespaces.js';

/** The fields of /proc/PID/stat after the name, which may itself hold spaces and brackets; proc_pid_stat(5). `undefined` if gone. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** When a process started, in clock ticks since boot: with its pid a name that no other process of this boot has. `undefined` if gone. */
export function startTime(pid: number): number | undefined {
  const field = statFields(pid)?.[19];
  return field === undefined ? undefined : Number(field);
}

/** The pid of a process's parent, `undefined` if it is gone. */
export function parentPid(pid: number): number | undefined {
  const field = statFields(pid)?.[1];
  return field === undefined ? undefined : Number(field);
}

/** Whether the very process that had `pid` and started at `started` still runs. One that has ended and was not yet awaited does not. */
export function isAlive(pid: number, started: number): boolean {
  const fields = statFields(pid);
  return fields !== undefined && Number(fields[19]) === started && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** Every process on the machine. */
export function processIds(): number[] {
  return fs.readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Whether a process that may be looked at has this very file open; proc_pid_fd(5). */
export function isOpenSomewhere({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): boolean {
  return processIds().some((pid) => openFiles(pid).some((file) => file.ino === ino && file.dev === dev));
}

function openFiles(pid: number): fs.BigIntStats[] {
  try {
    const descriptors = fs.readdirSync(`/proc/${pid}/fd`);
    return descriptors.flatMap(
      (one) => fs.statSync(`/proc/${pid}/fd/${one}`, { bigint: true, throwIfNoEntry: false }) ?? [],
    );
  } catch {
    return [];
  }
}

export interface ProcessNamespace {
  readonly pid: number;
  /** `mnt:[…]` */
  readonly mountNamespace: string;
}

/** Every process and the mount namespace it is in; without those that vanish meanwhile or may not be looked at. */
export function mountNamespaces(): ProcessNamespace[] {
  const found: ProcessNamespace[] = [];
  for (const pid of processIds()) {
    const mountNamespace = namespaceId(pid, 'mnt');
    if (mountNamespace !== undefined) found.push({ pid, mountNamespace });
  }
  return found;
}

/** What names this boot of the machine: pids and start times of another boot mean nothing. */
export function bootId(): string {
  return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
