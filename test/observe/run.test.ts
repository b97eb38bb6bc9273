import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { backOffMs } from '../../src/observe/back-off.js';
import { init } from '../../src/observe/init.js';
import { defaultSettings, Registry, type RootSettings } from '../../src/observe/registry.js';
import type { RoundSummary, RunEvent, RunOptions, ShadowEvent } from '../../src/observe/run-events.js';
import { readRootStatus, rootLock, type ShadowStatus } from '../../src/observe/run-status.js';
import { initBelowRoots } from '../../src/observe/rooted-init.js';
import { Round } from '../../src/observe/round.js';
import { run } from '../../src/observe/run.js';
import { openShadow, type Shadow, shadowOf } from '../../src/observe/shadow.js';
import { lockFile } from '../../src/observe/state-directory.js';
import { stat } from '../../src/observe/stat.js';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.js';
import { freshDirectory, makeDirectories, makeFiles, program } from './places.js';

const place = freshDirectory();

function registry(): Registry {
  return new Registry(place('state'));
}

async function add(root: string, settings: Partial<RootSettings>): Promise<void> {
  await registry().add(root, { ...defaultSettings, ...settings });
}

interface Ran {
  readonly summary: RoundSummary | undefined;
  readonly events: readonly RunEvent[];
  /** `result path` of each directory, the path below the test's own directory. */
  readonly told: readonly string[];
}

async function runOnce(options: Partial<RunOptions> = {}): Promise<Ran> {
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => void events.push(event);
  const summary = await run({ registry: registry(), shadowRoot: place('shadows'), onEvent, ...options });
  const shadows = events.filter((event): event is ShadowEvent => event.kind === 'shadow');
  const told = shadows.map(({ result, path }) => `${result} ${path.slice(place().length + 1)}`).toSorted();
  return { summary, events, told };
}

function gitOf(real: string, ...args: string[]): string {
  const shadow = shadowOf(real, place('shadows')) ?? '';
  return execFileSync('git', ['-C', shadow, ...args], { encoding: 'utf8' }).trimEnd();
}

test('what is found is made with the policy of its root and looked at; the next round finds what is new', async () => {
  makeFiles(place('data'), { 'top.txt': '1', 'a/f': '12', 'b/sub/g': '123' });
  await add(place('data'), { patterns: 'superrepo .\nrepo *\n', initPolicy: 'bundle-subdirs .\nenter-subdirs *\n' });
  const first = await runOnce();
  expect(first.told).toEqual(['made data', 'made data/a', 'made data/b']);
  expect(first.summary).toMatchObject({ made: 3, failed: 0, errors: 0 });
  expect(gitOf(place('data'), 'ls-tree', '-r', '--name-only', 'master-stat').split('\n')).toEqual([
    '.gitattributes',
    '.gitignore',
    '.nogbundles',
    '.nogtree',
    'a',
    'b',
    'top.txt',
  ]);
  expect(gitOf(place('data/b'), 'show', 'master-stat:sub/g')).toContain('size: 3');
  makeFiles(place('data'), { 'a/new': '', 'c/h': '' });
  const second = await runOnce();
  expect(second.told).toEqual(['changed data', 'changed data/a', 'made data/c', 'unchanged data/b']);
});

test('of nested roots the longest decides what is found and with which policy', async () => {
  makeDirectories(place('data'), 'own', 'nested/inner');
  await add(place('data'), { patterns: 'superrepo *\nsuperrepo */*\n' });
  await add(place('data/nested'), { patterns: 'superrepo .\n', initPolicy: 'ignore-most' });
  expect((await runOnce()).told).toEqual(['made data/nested', 'made data/own']);
  expect(gitOf(place('data/nested'), 'show', 'master-stub:.gitignore')).toContain('!README.md');
  expect((await runOnce({ roots: [place('data')] })).told, 'also when only the outer one is asked for').toEqual([
    'unchanged data/own',
  ]);
});

test('a limit refuses to make a shadow repository, with numbers; one that is there is looked at', async () => {
  makeFiles(place('data'), { 'big/1': 'x', 'big/2': 'x', 'big/3/4': 'x', 'small/1': 'x', 'heavy/1': 'x'.repeat(2000) });
  const patterns = 'superrepo *\nenter .\n';
  await add(place('data'), { patterns, limits: [{ prefix: '', entries: 3, bytes: 1000 }] });
  const { events, told } = await runOnce();
  expect(told).toEqual(['failed data/big', 'failed data/heavy', 'made data/small']);
  const messages = events.flatMap((event) =>
    event.kind === 'shadow' && event.error !== undefined ? [event.error] : [],
  );
  expect(messages).toEqual([
    { code: 'E_LIMIT', message: `${place('data/big')} holds more than the 3 entries that are its limit.` },
    { code: 'E_LIMIT', message: `${place('data/heavy')} holds at least 2,000 bytes; its limit is 1,000.` },
  ]);
  expect(shadowOf(place('data/big'), place('shadows')), 'nothing is left of it').toBeUndefined();
  await init({ realDirectory: place('data/heavy'), shadowRoot: place('shadows') });
  expect((await runOnce()).told).toEqual(['changed data/heavy', 'failed data/big', 'unchanged data/small']);
});

test('a limit counts what the policy lets grow, and bytes of linked files once', async () => {
  makeFiles(place('data'), { 'a/deep/1': 'x', 'a/deep/2': 'x', 'a/deep/3': 'x' });
  fs.mkdirSync(place('data/b'));
  fs.writeFileSync(place('data/b/1'), 'x'.repeat(600));
  fs.linkSync(place('data/b/1'), place('data/b/2'));
  await add(place('data'), {
    patterns: 'superrepo *\n',
    initPolicy: 'bundle-subdirs a\nenter-subdirs b\n',
    limits: [
      { prefix: 'a', entries: 1, bytes: 1 },
      { prefix: 'b', bytes: 1000 },
    ],
  });
  expect((await runOnce()).told).toEqual(['made data/a', 'made data/b']);
});

test('the status says when each was last true, what failed, and what is not there any more', async () => {
  makeDirectories(place('data'), 'good', 'later-gone');
  makeFiles(place('data'), { 'bad/1': '', 'bad/2': '' });
  await add(place('data'), { patterns: 'repo *\n', limits: [{ prefix: 'bad', entries: 1 }] });
  const before = Date.now();
  await runOnce();
  const [bad, good, gone] = (await readRootStatus(place('state'), place('data'))).shadows;
  expect(bad).toMatchObject({ path: place('data/bad'), failures: 1, error: { code: 'E_LIMIT' } });
  expect(bad?.trueAt).toBeUndefined();
  expect(good).toMatchObject({ path: place('data/good'), failures: 0, unread: 0 });
  expect(Date.parse(good?.trueAt ?? '')).toBeGreaterThanOrEqual(before - 1);
  expect(gone?.missing).toBeUndefined();
  fs.rmdirSync(place('data/later-gone'));
  const between = new Date().toISOString();
  await runOnce();
  const after = await readRootStatus(place('state'), place('data'));
  expect(after.shadows.map(({ missing = false, failures }) => [failures, missing])).toEqual([
    [2, false],
    [0, false],
    [0, true],
  ]);
  expect((after.shadows[1]?.trueAt ?? '') >= between, 'unchanged is true as well').toBe(true);
  expect((after.shadows[2]?.trueAt ?? '') < between).toBe(true);
  fs.rmSync(after.shadows[2]?.shadow ?? '', { recursive: true });
  await runOnce();
  expect((await readRootStatus(place('state'), place('data'))).shadows.length, 'without a shadow it is forgotten').toBe(
    2,
  );
});

test('one that fails keeps nothing else from being done, and is let alone for longer and longer', async () => {
  makeFiles(place('data'), { 'bad/1': '', 'bad/2': '', 'good/1': '' });
  await add(place('data'), { patterns: 'repo *\n', limits: [{ prefix: 'bad', entries: 1 }] });
  const hour = 3_600_000;
  /** What a round says of the bad directory and of the good one, and how long the bad one is let alone. */
  const visit = async (patient: boolean): Promise<readonly unknown[]> => {
    const results: string[] = [];
    const onEvent = (event: RunEvent): void => void (event.kind === 'shadow' && results.push(event.result));
    const options = { registry: registry(), shadowRoot: place('shadows'), everyMs: hour, onEvent };
    await new Round(options, new AbortController().signal, patient).visit(await registry().roots());
    const [bad] = (await readRootStatus(place('state'), place('data'))).shadows;
    return [...results, Date.parse(bad?.retryAt ?? '') - Date.parse(bad?.failedAt ?? '')];
  };
  expect(await visit(false)).toEqual(['failed', 'made', hour]);
  expect(await visit(true)).toEqual(['waiting', 'unchanged', hour]);
  expect(await visit(false), 'the first round of a new run tries it at once').toEqual([
    'failed',
    'unchanged',
    2 * hour,
  ]);
  expect(await visit(true)).toEqual(['waiting', 'unchanged', 2 * hour]);
});

test('the pause after failures doubles up to a day', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 2 ** 31 }), (failures, every) => {
      const pause = backOffMs(failures, every);
      expect(pause).toBeGreaterThanOrEqual(every);
      expect(pause).toBeLessThanOrEqual(Math.max(every, 86_400_000));
      expect(backOffMs(failures + 1, every)).toBe(Math.min(2 * pause, Math.max(every, 86_400_000)));
    }),
  );
});

test('roots that are added or removed are seen in the next round of a run', async () => {
  makeDirectories(place(), 'one/a', 'two/a');
  await add(place('one'), { patterns: 'repo *\n' });
  const stop = new AbortController();
  const rounds: number[] = [];
  const stages = [
    () => add(place('two'), { patterns: 'repo *\n' }),
    () => registry().remove(place('one')),
    () => stop.abort(),
  ];
  const wanted = [1, 2, 1];
  await runOnce({
    everyMs: 200,
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind !== 'round') return;
      const visited = event.summary.made + event.summary.unchanged;
      if (visited === wanted[rounds.length]) void stages[rounds.push(visited) - 1]?.();
    },
  });
  expect(rounds).toEqual(wanted);
});

test('a root that is gone is told, others are visited, and what is known of it stays', async () => {
  makeDirectories(place(), 'one/a', 'two/a');
  await add(place('one'), { patterns: 'repo *\n' });
  await add(place('two'), { patterns: 'repo *\n' });
  await runOnce();
  fs.rmSync(place('one'), { recursive: true });
  const { events, told, summary } = await runOnce();
  expect(events[0]).toMatchObject({ kind: 'root', root: place('one'), error: { code: 'E_ROOT_GONE' } });
  expect(told).toEqual(['unchanged two/a']);
  expect(summary?.errors).toBe(1);
  const status = await readRootStatus(place('state'), place('one'));
  expect(status).toMatchObject({ error: { code: 'E_ROOT_GONE' }, shadows: [{ path: place('one/a'), failures: 0 }] });
});

test('directories are looked at in parallel, each by one at a time', async () => {
  const names = Array.from({ length: 5 }, (_, index) => `d${index}`);
  makeFiles(place('data'), Object.fromEntries(names.map((name) => [`${name}/f`, name])));
  await add(place('data'), { patterns: 'repo *\n' });
  const { told } = await runOnce({ jobs: 3 });
  expect(told).toEqual(names.map((name) => `made data/${name}`).toSorted());
  for (const name of names) expect(gitOf(place('data', name), 'fsck', '--strict')).toBe('');
});

test('what another looks at is busy, no failure; a root that another run visits is told', async () => {
  makeDirectories(place('data'), 'a', 'b');
  await add(place('data'), { patterns: 'repo *\n' });
  await runOnce();
  const shadow = await openShadow(place('data/a'), { shadowRoot: place('shadows') });
  const lock = await lockFile(`${shadow.gitDir}/fso/stat.lock`);
  expect((await runOnce()).told).toEqual(['busy data/a', 'unchanged data/b']);
  expect((await readRootStatus(place('state'), place('data'))).shadows[0]).toMatchObject({ failures: 0 });
  await lock?.release();
  const root = await lockFile(rootLock(place('state'), place('data')));
  expect((await runOnce()).events[0]).toMatchObject({ kind: 'root', error: { code: 'E_ROOT_BUSY' } });
  await root?.release();
  expect((await runOnce()).told).toEqual(['unchanged data/a', 'unchanged data/b']);
});

test('a run that is told to end does so at once, and the next goes on', async () => {
  const files = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`a/d${index % 50}/f${index}`, '']));
  makeFiles(place('data'), { ...files, 'b/1': '' });
  await add(place('data'), { patterns: 'repo *\n' });
  const stop = new AbortController();
  // Long before the first of the git processes that make a repository has ended.
  setImmediate(() => stop.abort());
  const { summary, told } = await runOnce({ signal: stop.signal });
  expect([summary, told]).toEqual([undefined, []]);
  expect((await runOnce()).summary).toMatchObject({ failed: 0, errors: 0 });
  expect(gitOf(place('data/a'), 'ls-tree', '-r', '--name-only', 'master-stat').split('\n').length).toBe(1500 + 50 + 2);
});

test('a run that is killed leaves no lock and no half repository behind', async () => {
  makeFiles(place('data'), Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`d${index}/f`, ''])));
  await add(place('data'), { patterns: 'repo *\n' });
  for (const delay of [300, 500, 900]) {
    const child = spawn(process.execPath, [program('run'), place('state'), place('shadows'), '2'], { stdio: 'ignore' });
    const ended = once(child, 'close');
    await setTimeout(delay);
    child.kill('SIGKILL');
    await ended;
  }
  const { summary } = await runOnce();
  expect(summary).toMatchObject({ failed: 0, busy: 0, errors: 0 });
  expect((await runOnce()).summary).toMatchObject({ unchanged: 8 });
  const left = execFileSync('find', [place('shadows'), '-name', '.tmp-*'], { encoding: 'utf8' });
  expect(left).toBe('');
});

test('what an ordinary user may not read is told; the rest is done', () => {
  makeFiles(place(), { 'data/open/f': '', 'data/closed/f': '', 'data/part/closed/f': '', 'data/part/open': '' });
  makeDirectories(place(), 'state', 'shadows', 'home');
  giveToOrdinaryUser(place());
  fs.chmodSync(place('data/closed'), 0o000);
  fs.chmodSync(place('data/part/closed'), 0o000);
  const argv = [process.execPath, program('run'), place('state'), place('shadows'), '1', place('data')];
  const [file = '', ...args] = asOrdinaryUser(argv);
  const out = execFileSync(file, args, { encoding: 'utf8', env: { ...process.env, HOME: place('home') } });
  const events = out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RunEvent);
  const found = events.flatMap((event) => (event.kind === 'shadow' ? [event] : []));
  const of = (name: string): ShadowEvent | undefined => found.find(({ path }) => path === place('data', name));
  expect(of('open')).toMatchObject({ result: 'made', errors: [] });
  expect(of('part')).toMatchObject({ result: 'made', errors: [{ path: 'closed', reason: 'EACCES' }] });
  expect(of('closed')).toMatchObject({ result: 'failed', error: { code: 'E_REALDIR_CLOSED' } });
});

test('an init by hand below roots has the policy and the limits of the longest', async () => {
  makeFiles(place('data'), { 'a/1': '', 'a/2': '', 'in/b/1': '', 'in/b/2': '' });
  await add(place('data'), { limits: [{ prefix: '', entries: 1 }] });
  await add(place('data/in'), { initPolicy: 'bundle-subdirs', limits: [{ prefix: 'b', entries: 2 }] });
  const make = (path: string): Promise<Shadow> =>
    initBelowRoots(registry(), { realDirectory: place(path), shadowRoot: place('shadows') });
  await expect(make('data/a')).rejects.toMatchObject({ code: 'E_LIMIT', data: { entries: 2 } });
  await make('data/in/b');
  expect(gitOf(place('data/in/b'), 'show', 'master-stub:.nogbundles')).toBe('/*/');
  await expect(make('data/in/b')).rejects.toMatchObject({ code: 'E_SHADOW_EXISTS' });
  makeDirectories(place(), 'outside');
  await make('outside');
  expect(gitOf(place('outside'), 'ls-tree', '--name-only', 'master-stub')).toBe('.gitignore');
});

test('a stat by hand and a run agree on what is unchanged', async () => {
  makeFiles(place('data'), { 'a/f': 'x' });
  const shadow = await init({ realDirectory: place('data/a'), shadowRoot: place('shadows') });
  await stat(shadow);
  await add(place('data'), { patterns: 'enter a\n' });
  expect((await runOnce()).told, 'what has a shadow repository is looked after, whatever the patterns say').toEqual([
    'unchanged data/a',
  ]);
});

test('a stat by hand makes a shadow true as well, and the status says so', async () => {
  makeFiles(place('data'), { 'a/f': 'x', 'a/g': '' });
  await add(place('data'), { patterns: 'repo *\n', limits: [{ prefix: 'a', entries: 1 }] });
  const only = async (): Promise<ShadowStatus> => {
    const [status] = (await readRootStatus(place('state'), place('data'))).shadows;
    if (status === undefined) throw new Error('The run noted nothing.');
    return status;
  };
  await runOnce();
  expect(await only()).toMatchObject({ failures: 1, error: { code: 'E_LIMIT' } });
  await registry().set(place('data'), { limits: [] });
  await runOnce();
  const byRun = await only();
  expect(byRun).toMatchObject({ failures: 0, unread: 0, entries: 3 });
  const shadow = await openShadow(byRun.shadow ?? '');
  makeFiles(place('data'), { 'a/h': '' });
  const before = new Date().toISOString();
  await stat(shadow);
  const byHand = await only();
  expect(byHand).toMatchObject({ failures: 0, unread: 0, entries: 4 });
  expect((byHand.trueAt ?? '') >= before).toBe(true);
  await stat(shadow, { mtimeRange: 'only' });
  expect(await only(), 'not everything is true then').toEqual(byHand);
});

test('a failure is over with the next stat that comes to its end, by whomever', async () => {
  makeFiles(place('data'), { 'a/f': 'x' });
  await add(place('data'), { patterns: 'repo *\n' });
  await runOnce();
  const path = place('data/a');
  const shadow = await openShadow(path, { shadowRoot: place('shadows') });
  const branch = gitOf(path, 'rev-parse', 'master-stat');
  gitOf(path, 'update-ref', '-d', 'refs/heads/master-stat');
  await runOnce();
  const states = async (): Promise<unknown> =>
    (await readRootStatus(place('state'), place('data'))).shadows.map(({ failures, error }) => [failures, error?.code]);
  expect(await states()).toEqual([[1, 'E_SHADOW_HURT']]);
  gitOf(path, 'update-ref', 'refs/heads/master-stat', branch);
  await stat(shadow);
  expect(await states()).toEqual([[0, undefined]]);
});

test('a run looks as it is told, as a stat by hand would be', async () => {
  makeFiles(place('data'), { 'a/.gitignore': 'hidden\n', 'a/hidden': '', 'a/seen': '' });
  await add(place('data'), { patterns: 'repo *\n' });
  const names = (): string => gitOf(place('data/a'), 'ls-tree', '--name-only', 'master-stat');
  await runOnce({ respectGitignore: true });
  expect(names()).not.toContain('hidden');
  await runOnce();
  expect(names()).toContain('hidden');
});

test.runIf(process.getuid?.() === 0)('a run does not enter other file systems when it is told so', async () => {
  makeDirectories(place('data'), 'a/there');
  execFileSync('mount', ['-t', 'tmpfs', 'none', place('data/a/there')]);
  try {
    makeFiles(place('data'), { 'a/there/x': '' });
    await add(place('data'), { patterns: 'repo *\n' });
    await runOnce({ oneFileSystem: true });
    expect(gitOf(place('data/a'), 'show', 'master-stat:.nogtree')).toMatch(/dirs: 2\nfiles: 0\n/);
  } finally {
    execFileSync('umount', [place('data/a/there')]);
  }
});
