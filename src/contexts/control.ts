import { setTimeout as pause } from 'node:timers/promises';
import { lookForHierarchies } from '../linux/cgroup-look.js';
import { hasUserManager, scopeCommand, scopeGroup } from '../linux/cgroup-scope.js';
import { openControlGroups, type ControlGroup, ControlGroups, type Limits } from '../linux/cgroup.js';
import { MizerError } from '../model/errors.js';
import type { Inhabitant } from './mounts.js';
import type { ContextRecord } from './records.js';
import type { WorkTree } from './work-tree.js';

/** How long processes may take to end of their own accord, milliseconds. */
const grace = 2000;

function groupName(tree: WorkTree, record: ContextRecord): string {
  return `${tree.store.id}-${record.name}`;
}

async function inhabitantsOf(tree: WorkTree, record: ContextRecord): Promise<readonly Inhabitant[]> {
  return (await tree.mounts.inhabitants(tree.store.id)).get(record.name) ?? [];
}

/** The context's control group where there is one; makes none. */
function groupOf(tree: WorkTree, record: ContextRecord): ControlGroup | undefined {
  return new ControlGroups(lookForHierarchies()).find(groupName(tree, record));
}

/**
 * The programs in front of a command that put it into the context's control group: none when it has none and needs none.
 * @throws MizerError `E_CGROUP_UNAVAILABLE` when there are limits and this machine offers no way to keep them
 */
export function joinCommand(tree: WorkTree, record: ContextRecord): readonly string[] {
  const isLimited = Object.keys(record.limits).length > 0;
  const hierarchies = lookForHierarchies();
  if (hierarchies.length === 0 && isLimited && hasUserManager(process.env))
    return scopeCommand(groupName(tree, record), []);
  const group = isLimited ? openControlGroups(hierarchies).create(groupName(tree, record)) : groupOf(tree, record);
  if (group === undefined) return [];
  group.limit(record.limits);
  const enter = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift; exec "$@"';
  return ['sh', '-c', enter, 'mzr', ...group.doors(), '--'];
}

/** @throws MizerError `E_CGROUP_UNAVAILABLE` when this machine offers no way to keep limits */
export function requireLimits(): void {
  const hierarchies = lookForHierarchies();
  if (hierarchies.length === 0 && !hasUserManager(process.env)) openControlGroups(hierarchies);
}

/** All processes of a context in one control group, those included that start meanwhile. @throws MizerError `E_CGROUP_UNAVAILABLE` */
async function gather(tree: WorkTree, record: ContextRecord): Promise<ControlGroup> {
  const hierarchies = lookForHierarchies();
  const inhabitants = await inhabitantsOf(tree, record);
  const [first] = inhabitants;
  if (hierarchies.length === 0 && first !== undefined) {
    const scope = scopeGroup(groupName(tree, record), first.pid);
    if (scope !== undefined) return scope;
  }
  const group = openControlGroups(hierarchies).create(groupName(tree, record));
  for (;;) {
    const inside = new Set(group.processes());
    const outside = (await inhabitantsOf(tree, record)).filter(({ pid }) => !inside.has(pid));
    if (outside.length === 0) return group;
    for (const { pid } of outside) addIfAlive(group, pid);
  }
}

/** A process that has ended meanwhile cannot be moved. */
function addIfAlive(group: ControlGroup, pid: number): void {
  try {
    group.add(pid);
  } catch (error) {
    if (!(error instanceof MizerError && error.data['errno'] === 'ESRCH')) throw error;
  }
}

/** Sets limits for a context's processes, those running now and those to come. @throws MizerError `E_CGROUP_UNAVAILABLE` */
export async function limit(tree: WorkTree, record: ContextRecord, limits: Limits): Promise<void> {
  const group = await gather(tree, record);
  group.limit(limits);
  const kept = Object.entries({ ...record.limits, ...limits }).filter(([, value]) => Number.isFinite(value));
  await tree.store.writeContext({ ...record, limits: Object.fromEntries(kept) });
}

/** Stops all processes of a context where they are. @returns how many. @throws MizerError `E_CGROUP_UNAVAILABLE` */
export async function freeze(tree: WorkTree, record: ContextRecord): Promise<number> {
  const group = await gather(tree, record);
  await group.freeze();
  return group.processes().length;
}

/** Lets them go on. @returns how many. @throws MizerError `E_NOT_PAUSED` */
export async function thaw(tree: WorkTree, record: ContextRecord): Promise<number> {
  const group = groupOf(tree, record);
  if (group === undefined || !group.isFrozen()) {
    throw new MizerError('E_NOT_PAUSED', `Context '${record.name}' is not paused.`, {
      hint: `Pause it with \`mzr pause ${record.name}\`.`,
    });
  }
  await group.thaw();
  return group.processes().length;
}

/** Whether a context's processes are stopped. */
export function isFrozen(tree: WorkTree, record: ContextRecord): boolean {
  try {
    return groupOf(tree, record)?.isFrozen() ?? false;
  } catch (error) {
    if (error instanceof MizerError) return false;
    throw error;
  }
}

/** Ends every process of a context: asked first, after two seconds made to. @returns how many there were */
export async function end(tree: WorkTree, record: ContextRecord): Promise<number> {
  const all = await inhabitantsOf(tree, record);
  for (const { pid } of all) signal(pid, 'SIGTERM');
  const group = groupOf(tree, record);
  if (group !== undefined && isFrozen(tree, record)) await group.thaw();
  for (let waited = 0; waited < grace && (await inhabitantsOf(tree, record)).length > 0; waited += 50) await pause(50);
  // What forks while it is killed is met in the next round.
  for (let left = await inhabitantsOf(tree, record); left.length > 0; left = await inhabitantsOf(tree, record)) {
    for (const { pid } of left) signal(pid, 'SIGKILL');
    await pause(10);
  }
  await group?.remove();
  return all.length;
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Takes away the control group of a context that is being removed. */
export async function forgetGroup(tree: WorkTree, record: ContextRecord): Promise<void> {
  await groupOf(tree, record)?.remove();
}
