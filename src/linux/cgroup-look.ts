import fs from 'node:fs';
import { ownMounts, type Mount } from './mountinfo.js';

/** What can be done to a group: the three that limit, and stopping it as a whole. */
export type Controller = 'cpu' | 'memory' | 'pids' | 'freezer';

/** A hierarchy of control groups in which this process may make some. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** An existing group; `mizer/` is made in it. */
  readonly directory: string;
  /** What it can do to groups made in it. */
  readonly controllers: readonly Controller[];
}

/** What /proc/PID/cgroup says: of each hierarchy the group the process is in; cgroups(7). */
export interface Membership {
  /** Empty for version 2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

export const limiting: readonly Controller[] = ['cpu', 'memory', 'pids'];

/** The memberships in the text of a /proc/PID/cgroup file. */
export function parseMemberships(text: string): Membership[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [, controllers = '', ...path] = line.split(':');
    return { controllers: controllers.split(',').filter((name) => name !== ''), path: path.join(':') };
  });
}

/** The memberships of a process; `[]` if it is gone. */
export function membershipsOf(pid: number | 'self'): Membership[] {
  try {
    return parseMemberships(fs.readFileSync(`/proc/${pid}/cgroup`, 'latin1'));
  } catch {
    return [];
  }
}

/** Where the group `path` can be seen, given where its hierarchy is mounted; `undefined` where the mount shows another part. */
export function groupDirectory(mount: Mount, path: string): string | undefined {
  const root = mount.root === '/' ? '' : mount.root;
  if (path.startsWith('/..') || (path !== root && !path.startsWith(`${root}/`))) return undefined;
  const below = path.slice(root.length);
  return below === '/' ? mount.mountPoint : mount.mountPoint + below;
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}

/** Whether this process may make groups in `directory`, and move processes that are in it. */
function isOurs(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK);
    fs.accessSync(`${directory}/cgroup.procs`, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The controllers that a version 2 group can give to the groups in it: none, as long as it holds processes itself. */
function given(directory: string): Controller[] {
  const isRoot = !fs.existsSync(`${directory}/cgroup.type`);
  const isFree = isRoot || read(`${directory}/cgroup.procs`) === '';
  const names = read(`${directory}/${isFree ? 'cgroup.controllers' : 'cgroup.subtree_control'}`).split(' ');
  return limiting.filter((controller) => names.includes(controller));
}

/**
 * The version 2 hierarchy, where this process may use it: in the topmost group above its own that is the user's. Processes can be moved
 * only within a group that is, so lower ones would serve less.
 */
function unified(mounts: readonly Mount[], memberships: readonly Membership[]): Hierarchy[] {
  const mount = mounts.find((each) => each.fsType === 'cgroup2');
  const own = memberships.find((each) => each.controllers.length === 0);
  if (mount === undefined || own === undefined) return [];
  const parts = own.path.split('/').filter((part) => part !== '');
  for (let depth = 0; depth <= parts.length; depth++) {
    const directory = groupDirectory(mount, `/${parts.slice(0, depth).join('/')}`);
    if (directory === undefined || !isOurs(directory)) continue;
    return [{ version: 2, directory, controllers: [...given(directory), 'freezer'] }];
  }
  return [];
}

/** The version 1 hierarchies of the named controllers, where this process may use them: in its own group. */
function separate(
  mounts: readonly Mount[],
  memberships: readonly Membership[],
  controllers: readonly Controller[],
): Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const membership of memberships) {
    const useful = controllers.filter((controller) => membership.controllers.includes(controller));
    const mount = mounts.find(
      (each) => each.fsType === 'cgroup' && useful.some((name) => each.superOptions.includes(name)),
    );
    const directory = mount === undefined ? undefined : groupDirectory(mount, membership.path);
    if (directory !== undefined && isOurs(directory)) found.push({ version: 1, directory, controllers: useful });
  }
  return found;
}

/**
 * Where this process may make control groups, and what they can do; `[]` for nowhere. Version 2 comes first, version 1 adds what it
 * lacks. Changes nothing.
 */
export function lookForHierarchies(
  mounts: readonly Mount[] = ownMounts(),
  memberships: readonly Membership[] = membershipsOf('self'),
): Hierarchy[] {
  const second = unified(mounts, memberships);
  const there = second.flatMap((hierarchy) => hierarchy.controllers);
  const lacking = ([...limiting, 'freezer'] as const).filter((controller) => !there.includes(controller));
  return [...second, ...separate(mounts, memberships, lacking)];
}
