import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { mountsOf, ownMounts, parseMountinfo } from '../../src/linux/mountinfo.js';
import { namespaceId } from '../../src/linux/namespaces.js';
import { bootId, isAlive, mountNamespaces, parentPid, startTime } from '../../src/linux/process.js';

test('mountinfo is read with its escapes and any number of optional fields', () => {
  const text = [
    '36 35 98:0 /a\\040b /mnt\\011\\134\u00e9 rw,noatime - overlay mizer:x\\040y rw,lowerdir=/l\\054m,userxattr',
    '37 36 0:5 / / ro shared:1 master:2 - proc proc rw',
    'nonsense',
    '',
  ].join('\n');
  expect(parseMountinfo(text)).toEqual([
    {
      id: 36,
      parent: 35,
      dev: '98:0',
      root: '/a b',
      mountPoint: '/mnt\t\\\u00e9',
      options: ['rw', 'noatime'],
      optional: [],
      fsType: 'overlay',
      source: 'mizer:x y',
      superOptions: ['rw', 'lowerdir=/l,m', 'userxattr'],
    },
    {
      id: 37,
      parent: 36,
      dev: '0:5',
      root: '/',
      mountPoint: '/',
      options: ['ro'],
      optional: ['shared:1', 'master:2'],
      fsType: 'proc',
      source: 'proc',
      superOptions: ['rw'],
    },
  ]);
  expect(ownMounts().some((mount) => mount.mountPoint === '/proc')).toBe(true);
  expect(mountsOf(process.pid)).toEqual(ownMounts());
  expect(() => mountsOf(2 ** 30)).toThrow(expect.objectContaining({ code: 'E_PROCESS_GONE' }));
});

test('signals that come meanwhile do not stop the mounts from being told', async () => {
  let hear = (): void => {};
  const heard = new Promise<void>((resolve) => (hear = resolve));
  process.on('SIGWINCH', hear);
  const senders = [1, 2].map(() => spawn('sh', ['-c', 'while kill -WINCH $PPID; do :; done'], { stdio: 'ignore' }));
  await heard;
  try {
    for (let count = 0; count < 10_000; count += 1) expect(ownMounts()).not.toEqual([]);
  } finally {
    for (const sender of senders) sender.kill('SIGKILL');
    process.off('SIGWINCH', hear);
    // Until the event loop has taken in the signals it has no room for SIGCHLD.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('a process is known by pid and start time, whatever its name, and is not alive once it has ended', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-linux-'));
  const odd = path.join(directory, 'a) R 1 (b');
  fs.copyFileSync('/bin/sleep', odd);
  const before = startTime(process.pid) ?? Infinity;
  const child = spawn(odd, ['60']);
  const pid = child.pid ?? 0;
  const started = startTime(pid) ?? -1;
  expect(started).toBeGreaterThanOrEqual(before);
  expect(parentPid(pid)).toBe(process.pid);
  expect([isAlive(pid, started), isAlive(pid, started + 1)]).toEqual([true, false]);
  child.kill('SIGKILL');
  // Not yet awaited, so it stays as a zombie until the event loop runs.
  while (isAlive(pid, started));
  await new Promise((resolve) => child.once('exit', resolve));
  expect([startTime(pid), parentPid(pid), isAlive(pid, started)]).toEqual([undefined, undefined, false]);
  fs.rmSync(directory, { recursive: true });
});

test('processes are listed with the mount namespace they are in', () => {
  const own = namespaceId('self', 'mnt');
  expect(own).toMatch(/^mnt:\[\d+\]$/);
  expect(mountNamespaces()).toContainEqual({ pid: process.pid, mountNamespace: own });
  expect(namespaceId(2 ** 30, 'user')).toBeUndefined();
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});
