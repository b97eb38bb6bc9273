import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lookForHierarchies, parseMemberships, type Membership } from '../../src/linux/cgroup-look.js';
import { hasUserManager, scopeCommand, scopeGroup } from '../../src/linux/cgroup-scope.js';
import { ControlGroups, openControlGroups } from '../../src/linux/cgroup.js';
import { ownMounts, type Mount } from '../../src/linux/mountinfo.js';
import { as } from './inside.js';

let directory: string;
const inside = (...parts: string[]): string => path.join(directory, ...parts);
const read = (...parts: string[]): string => fs.readFileSync(inside(...parts), 'utf8');

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-linux-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function mount(fsType: 'cgroup' | 'cgroup2', mountPoint: string, superOptions: readonly string[]): Mount {
  const common = { id: 1, parent: 1, dev: '0:1', root: '/', options: ['rw'], optional: [], source: fsType };
  return { ...common, fsType, mountPoint, superOptions };
}

/** A group of version 2 as its files look on a full machine. */
function prepare(group: string, controllers: string, processes = ''): void {
  fs.mkdirSync(inside(group), { recursive: true });
  fs.writeFileSync(inside(group, 'cgroup.controllers'), `${controllers}\n`);
  fs.writeFileSync(inside(group, 'cgroup.subtree_control'), '\n');
  fs.writeFileSync(inside(group, 'cgroup.procs'), processes);
  fs.writeFileSync(inside(group, 'cgroup.type'), 'domain\n');
}

const second = (group: string): Membership[] => [{ controllers: [], path: group }];

test('on a full version 2 machine every limit is written as the kernel wants it, with its controllers enabled on the way', () => {
  prepare('user', 'cpuset cpu io memory pids');
  const hierarchies = lookForHierarchies([mount('cgroup2', directory, ['rw'])], second('/user'));
  expect(hierarchies).toEqual([
    { version: 2, directory: inside('user'), controllers: ['cpu', 'memory', 'pids', 'freezer'] },
  ]);
  const group = new ControlGroups(hierarchies).create('a/b');
  const place = ['user', 'mizer', 'a%2Fb.context'];
  expect(read('user', 'cgroup.subtree_control')).toBe('+cpu +memory +pids');
  expect(read('user', 'mizer', 'cgroup.subtree_control')).toBe('+cpu +memory +pids');
  group.limit({ cpuPercent: 150, memoryBytes: 4 * 2 ** 30, pids: 500 });
  expect([read(...place, 'cpu.max'), read(...place, 'memory.max'), read(...place, 'pids.max')]).toEqual([
    '150000 100000',
    `${4 * 2 ** 30}`,
    '500',
  ]);
  group.limit({ cpuPercent: Infinity, memoryBytes: Infinity });
  expect([read(...place, 'cpu.max'), read(...place, 'memory.max'), read(...place, 'pids.max')]).toEqual([
    'max 100000',
    'max',
    '500',
  ]);
  group.add(1234);
  expect(read(...place, 'cgroup.procs')).toBe('1234');
  expect(group.processes()).toEqual([1234]);
});

test('freezing waits until the kernel says that all stand still', async () => {
  prepare('user', 'pids');
  const group = new ControlGroups(lookForHierarchies([mount('cgroup2', directory, [])], second('/user'))).create('one');
  const events = ['user', 'mizer', 'one.context', 'cgroup.events'];
  let done = false;
  const frozen = group.freeze().then(() => (done = true));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect([done, read('user', 'mizer', 'one.context', 'cgroup.freeze')]).toEqual([false, '1']);
  fs.writeFileSync(inside(...events), 'populated 1\nfrozen 1\n');
  await frozen;
  fs.writeFileSync(inside(...events), 'populated 1\nfrozen 0\n');
  await group.thaw();
  expect(read('user', 'mizer', 'one.context', 'cgroup.freeze')).toBe('0');
});

test('the topmost group of the user is chosen, and one that holds processes itself can only freeze', () => {
  prepare('user', 'cpu memory', '77\n');
  prepare('user/app', 'cpu memory');
  const mounts = [mount('cgroup2', directory, [])];
  expect(lookForHierarchies(mounts, second('/user/app'))).toEqual([
    { version: 2, directory: inside('user'), controllers: ['freezer'] },
  ]);
  fs.writeFileSync(inside('user', 'cgroup.subtree_control'), 'memory\n');
  expect(lookForHierarchies(mounts, second('/user/app'))[0]?.controllers).toEqual(['memory', 'freezer']);
  expect(lookForHierarchies(mounts, second('/../elsewhere'))).toEqual([]);
});

test('version 1 adds what version 2 lacks, one hierarchy may have several controllers', () => {
  prepare('unified/user', '');
  prepare('cpu/user', '');
  prepare('freezer/user', '');
  const mounts = [
    mount('cgroup2', inside('unified'), []),
    mount('cgroup', inside('cpu'), ['rw', 'cpu', 'cpuacct', 'pids']),
    mount('cgroup', inside('freezer'), ['rw', 'freezer']),
  ];
  const memberships = parseMemberships('3:cpu,cpuacct,pids:/user\n2:freezer:/user\n1:name=systemd:/a:b\n0::/user\n');
  expect(memberships[2]).toEqual({ controllers: ['name=systemd'], path: '/a:b' });
  expect(lookForHierarchies(mounts, memberships)).toEqual([
    { version: 2, directory: inside('unified', 'user'), controllers: ['freezer'] },
    { version: 1, directory: inside('cpu', 'user'), controllers: ['cpu', 'pids'] },
  ]);
});

test('where nothing is offered the answer is a refusal with its reason, and nothing is changed', () => {
  const refusal = expect.objectContaining({
    code: 'E_CGROUP_UNAVAILABLE',
    hint: expect.stringContaining('mzr doctor'),
  });
  expect(() => openControlGroups(lookForHierarchies([], second('/')))).toThrow(refusal);
  prepare('user', '');
  const groups = openControlGroups(lookForHierarchies([mount('cgroup2', directory, [])], second('/user')));
  expect(() => groups.create('one').limit({ pids: 1, cpuPercent: 1 })).toThrow(refusal);
  expect(fs.readdirSync(inside('user', 'mizer', 'one.context'))).toEqual([]);
});

test('a scope of the service manager is named so that no context nests in another, and its slice is the group', () => {
  const command = scopeCommand('my-ctx.é', ['make', '-j']);
  const slice = String.raw`mizer-my\x2dctx\x2e\xc3\xa9.slice`;
  expect(command).toContain(`--slice=${slice}`);
  expect(command.slice(-3)).toEqual(['--', 'make', '-j']);
  prepare(`mizer.slice/${slice}`, 'memory pids');
  const mounts = [mount('cgroup2', directory, [])];
  const group = scopeGroup('my-ctx.é', 1, mounts, second(`/mizer.slice/${slice}/run-1.scope`));
  group?.limit({ memoryBytes: 5 });
  expect(read('mizer.slice', slice, 'memory.max')).toBe('5');
  expect(scopeGroup('other', 1, mounts, second(`/mizer.slice/${slice}/run-1.scope`))).toBeUndefined();
  expect(hasUserManager({ XDG_RUNTIME_DIR: directory, PATH: directory })).toBe(false);
  fs.mkdirSync(inside('systemd'));
  fs.writeFileSync(inside('systemd', 'private'), '');
  fs.writeFileSync(inside('systemd-run'), '');
  expect(hasUserManager({ XDG_RUNTIME_DIR: directory, PATH: directory })).toBe(true);
});

const script = fileURLToPath(new URL('./inside/cgroups.js', import.meta.url));

/** Runs the script with real processes; gives what it complains of. */
function runReal(version: 'v1' | 'v2', before = ''): string {
  const name = `mizer-test-${process.pid}`;
  const argv = as(before === '' ? 'root' : 'ordinary user', [process.execPath, script, version, name]);
  const { status, stderr } = spawnSync('sh', ['-c', `${before}exec "$@"`, 'sh', ...argv], { encoding: 'utf8' });
  return `${status}${stderr}`;
}

const isRoot = process.getuid?.() === 0;

test('real processes are frozen, thawed, limited and killed where this machine lets this user; else he is refused', () => {
  for (const [version, fsType] of [
    ['v1', 'cgroup'],
    ['v2', 'cgroup2'],
  ] as const) {
    const offered = lookForHierarchies(ownMounts().filter((each) => each.fsType === fsType));
    const must = isRoot && offered.some((each) => each.controllers.includes('freezer'));
    // An ordinary user may own groups and still not be let out of the one he is in.
    expect(runReal(version)).toMatch(must ? /^0$/ : /^0$|E_CGROUP_UNAVAILABLE/);
  }
});

test('an ordinary user without delegation is refused; in a group that was delegated to him he freezes and kills', () => {
  const unified = ownMounts().find((each) => each.fsType === 'cgroup2' && each.options.includes('rw'))?.mountPoint;
  expect(runReal('v2', ':;')).toMatch(isRoot ? /E_CGROUP_UNAVAILABLE/ : /^0$|E_CGROUP_UNAVAILABLE/);
  // Only root can delegate.
  if (!isRoot || unified === undefined) return;
  const delegated = path.join(unified, `mizer-delegated-${process.pid}`);
  fs.mkdirSync(delegated);
  for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control'])
    fs.chownSync(path.join(delegated, file), 1001, 1001);
  const result = runReal('v2', `echo $$ > ${delegated}/cgroup.procs;`);
  fs.rmdirSync(delegated);
  expect(result).toBe('0');
});
