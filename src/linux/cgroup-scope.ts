import fs from 'node:fs';
import path from 'node:path';
import { groupDirectory, limiting, membershipsOf, type Membership } from './cgroup-look.js';
import { ControlGroup } from './cgroup.js';
import type { Environment } from './exec.js';
import { ownMounts, type Mount } from './mountinfo.js';

/** Whether a service manager of the user runs, which can make groups for him where he may not move processes himself. */
export function hasUserManager(environment: Environment): boolean {
  const runtime = environment['XDG_RUNTIME_DIR'];
  if (runtime === undefined || !fs.existsSync(`${runtime}/systemd/private`)) return false;
  return (environment['PATH'] ?? '').split(':').some((directory) => fs.existsSync(`${directory}/systemd-run`));
}

/** A part of a unit's name: `-` would nest, other characters mean something else too; systemd.unit(5). */
function escapeUnit(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, (unit) =>
    [...Buffer.from(unit)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

/**
 * The argv that runs `argv` in a scope of its own in the slice of `name`: all scopes of one name are one group, which `scopeGroup`
 * finds. The process stays the same one, systemd-run(1) becomes it.
 */
export function scopeCommand(name: string, argv: readonly string[]): string[] {
  const accounting = ['CPUAccounting', 'MemoryAccounting', 'TasksAccounting'].map((key) => `--property=${key}=yes`);
  const slice = `--slice=mizer-${escapeUnit(name)}.slice`;
  return ['systemd-run', '--user', '--scope', '--quiet', '--collect', slice, ...accounting, '--', ...argv];
}

/** The slice in which a process of `scopeCommand` runs; `undefined` where it runs in none. Its processes cannot be moved by the user. */
export function scopeGroup(
  name: string,
  pid: number,
  mounts: readonly Mount[] = ownMounts(),
  memberships: readonly Membership[] = membershipsOf(pid),
): ControlGroup | undefined {
  const mount = mounts.find((each) => each.fsType === 'cgroup2');
  const own = memberships.find((each) => each.controllers.length === 0);
  const slice = own === undefined ? '' : path.dirname(own.path);
  if (mount === undefined || path.basename(slice) !== `mizer-${escapeUnit(name)}.slice`) return undefined;
  const directory = groupDirectory(mount, slice);
  if (directory === undefined) return undefined;
  const enabled = fs.readFileSync(`${directory}/cgroup.controllers`, 'latin1').trim().split(' ');
  const controllers = limiting.filter((controller) => enabled.includes(controller));
  return new ControlGroup(name, [{ version: 2, directory, controllers: [...controllers, 'freezer'] }]);
}
