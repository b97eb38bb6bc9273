import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { reinit } from '../../src/observe/reinit.js';
import type { Shadow } from '../../src/observe/shadow.js';
import { withBranch } from '../../src/observe/shadow-lock.js';
import { stat } from '../../src/observe/stat.js';
import { fields, foundByFindAndDu, git, observedWorld, recordOf, totalsIn, tracked } from './observed-world.js';
import { makeFiles, program } from './places.js';

const { real, init } = observedWorld();

const tipOf = (shadow: Shadow): string =>
  fs.readFileSync(path.join(shadow.gitDir, 'refs/heads/master-stat'), 'utf8').trim();

interface Started {
  readonly begin: () => void;
  readonly kill: () => void;
  readonly ended: Promise<unknown>;
}

/** A process that is ready to do a stat. */
async function started(shadow: Shadow): Promise<Started> {
  const child = spawn(process.execPath, [program('stat'), shadow.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  child.stdout.resume();
  // With its git, which otherwise does later what it was asked to.
  const kill = (): void => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  return { begin: () => child.stdin.write('\n'), kill, ended };
}

test('killed at 100 random points: the branch is always a whole state, earlier or new, and the next stat completes', async () => {
  for (let index = 0; index < 60; index += 1) makeFiles(real(), { [`d${index % 6}/f${index}`]: 'x', generation: '' });
  const shadow = await init();
  let whole = 0;
  let before = tipOf(shadow);
  const moved = new Map<number, string>();
  let next = started(shadow);
  for (let round = 1; round <= 104; round += 1) {
    const child = await next;
    // The next one gets ready meanwhile.
    next = started(shadow);
    // Each stat has objects and a commit to write.
    makeFiles(real(), { generation: 'g'.repeat(round), [`d${round % 6}/new${round}`]: 'y' });
    const began = performance.now();
    child.begin();
    // Some are left alone, and tell how long it takes at present.
    const isLeftAlone = round % 26 === 1;
    if (!isLeftAlone) {
      await pause(Math.random() * whole * 1.2);
      child.kill();
    }
    await child.ended;
    if (isLeftAlone) whole = performance.now() - began;
    const tip = tipOf(shadow);
    if (tip !== before) moved.set(round, tip);
    before = tip;
  }
  (await next).kill();
  expect([...moved.keys()]).toEqual(expect.arrayContaining([1, 27, 53, 79]));
  let parent = git(shadow, 'rev-parse', 'master-stub').trim();
  for (const [round, tip] of moved) {
    expect(git(shadow, 'rev-parse', `${tip}^`).trim()).toBe(parent);
    expect(fields(recordOf(shadow, 'generation', tip))['size']).toBe(String(round));
    expect(totalsIn(recordOf(shadow, '.nogtree', tip))).toMatchObject({ files: 61 + round });
    expect(tracked(shadow, tip).filter((name) => !name.endsWith('.nogtree'))).toHaveLength(61 + round);
    parent = tip;
  }
  makeFiles(real(), { last: '1' });
  expect((await stat(shadow)).unchanged).toBe(false);
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
  expect(git(shadow, 'fsck', '--strict', '--no-dangling')).toBe('');
  const left = fs.readdirSync(path.join(shadow.gitDir, 'objects/pack'));
  expect(left.filter((name) => name.startsWith('tmp_mizer_'))).toEqual([]);
}, 180_000);

test('aborted it says so, leaves no trace, and the branch is as it was', async () => {
  for (let index = 0; index < 300; index += 1) makeFiles(real(), { [`d${index}/f`]: 'x' });
  const shadow = await init();
  const before = tipOf(shadow);
  const stop = new AbortController();
  stop.abort();
  const packs = fs.readdirSync(path.join(shadow.gitDir, 'objects/pack'));
  await expect(stat(shadow, { signal: stop.signal })).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  expect(tipOf(shadow)).toBe(before);
  expect(fs.readdirSync(path.join(shadow.gitDir, 'objects/pack'))).toEqual(packs);
  expect((await stat(shadow)).unchanged).toBe(false);
});

test('a second stat waits for the first, or says that it would have to', async () => {
  makeFiles(real(), { x: '1' });
  const shadow = await init();
  let [release, begin, wait] = [(): void => undefined, (): void => undefined, (): void => undefined];
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const waits = new Promise<void>((resolve) => (wait = resolve));
  const held = withBranch(shadow, 'stat', {}, () => {
    begin();
    return new Promise<void>((resolve) => (release = resolve));
  });
  await begun;
  await expect(stat(shadow, { wait: false })).rejects.toMatchObject({ code: 'E_SHADOW_BUSY' });
  await expect(reinit(shadow, 'ignore-most', { wait: false })).rejects.toMatchObject({ code: 'E_SHADOW_BUSY' });
  let waited = 0;
  const onWait = (): void => {
    waited += 1;
    wait();
  };
  const second = stat(shadow, { onWait });
  await waits;
  expect(tracked(shadow)).toEqual([]);
  release();
  await held;
  expect((await second).unchanged).toBe(false);
  expect(waited).toBe(1);
});

test('two stats at once, in two processes, make one commit', async () => {
  for (let index = 0; index < 200; index += 1) makeFiles(real(), { [`d${index % 20}/f${index}`]: 'x' });
  const shadow = await init();
  const both = await Promise.all([started(shadow), started(shadow)]);
  for (const { begin } of both) begin();
  await Promise.all(both.map(({ ended }) => ended));
  expect(git(shadow, 'rev-list', '--count', 'master-stub..master-stat').trim()).toBe('1');
});

test('a branch that somebody else moved meanwhile is not overwritten', async () => {
  makeFiles(real(), { x: '1' });
  const shadow = await init();
  const other = git(
    shadow,
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@b',
    'commit-tree',
    '-m',
    'other',
    '-p',
    'master-stat',
    'master-stat^{tree}',
  ).trim();
  const moving = stat(shadow, {
    onProgress: ({ phase }) => {
      if (phase === 'write') git(shadow, 'update-ref', 'refs/heads/master-stat', other);
    },
  });
  await expect(moving).rejects.toMatchObject({ code: 'E_BRANCH_MOVED' });
  expect(tipOf(shadow)).toBe(other);
  expect((await stat(shadow)).unchanged).toBe(false);
});

test('a lock that a killed git left on the branch stops nobody, and one that is held is waited for', async () => {
  makeFiles(real(), { x: '1' });
  const shadow = await init();
  const lock = path.join(shadow.gitDir, 'refs/heads/master-stat.lock');
  fs.writeFileSync(lock, '');
  expect((await stat(shadow)).unchanged).toBe(false);
  expect(fs.existsSync(lock)).toBe(false);

  makeFiles(real(), { y: '1' });
  const descriptor = fs.openSync(lock, 'wx');
  let isHeld = true;
  const done = stat(shadow).then(() => isHeld);
  await pause(2500);
  expect(fs.existsSync(lock)).toBe(true);
  isHeld = false;
  fs.closeSync(descriptor);
  expect(await done).toBe(false);
});
