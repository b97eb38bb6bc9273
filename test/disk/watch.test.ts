import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { refresh } from '../../src/disk/refresh.js';
import { walkSync } from '../../src/disk/walk.js';
import { Watcher, type NotTrusted, type Touched } from '../../src/disk/watch.js';
import { WatchedTree } from '../../src/disk/watched-tree.js';
import { compareManifests } from '../../src/model/compare.js';
import type { Manifest } from '../../src/model/manifest.js';
import { freshDirectory, program } from './helpers.js';

const place = freshDirectory();
const nothing = { trusted: true, paths: new Set(), subtrees: [] };
const tree = (...parts: string[]): string => place('tree', ...parts);

beforeEach(() => {
  fs.mkdirSync(place('tree'));
  fs.mkdirSync(place('cookies'));
});

function open(exclude: readonly string[] = []): Promise<Watcher> {
  return Watcher.open(tree(), { exclude, cookieDirectory: place('cookies') });
}

/** What was touched, sorted, subtrees marked by a slash. */
async function touchedPaths(watcher: Watcher): Promise<string[]> {
  const touched = await watcher.touched();
  if (!touched.trusted) return [`not trusted: ${touched.reason}`];
  return [...touched.paths, ...touched.subtrees.map((path) => `${path}/`)].sort();
}

function follow(manifest: Manifest, touched: Touched | NotTrusted): Manifest {
  return touched.trusted ? refresh(tree(), manifest, touched, []).manifest : walkSync(tree()).manifest;
}

test.each([1, 2, 3, 4, 5, 6])(
  'what the watcher says was touched makes the old manifest the new one, whatever another process does (seed %i)',
  async (seed) => {
    const watcher = await open();
    let manifest = walkSync(tree()).manifest;
    const writer = spawn(process.execPath, [program('change-for-ever'), tree(), String(seed), 'Infinity', '10'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    let trusted = 0;
    while (trusted < 80) {
      const touched = await watcher.touched();
      if (touched.trusted) trusted += 1;
      manifest = follow(manifest, touched);
      await new Promise((resolve) => setTimeout(resolve, (seed * trusted) % 13));
    }
    writer.kill('SIGKILL');
    await ended;
    manifest = follow(manifest, await watcher.touched());
    expect(compareManifests(manifest, walkSync(tree()).manifest)).toEqual({ changed: [], removed: [] });
    expect(await watcher.touched()).toEqual(nothing);
    expect((await watcher.stats()).overflows).toBe(0);
    await watcher.close();
  },
);

test('every sort of change is told at the next question and only there', async () => {
  for (const directory of ['d/e', 'm/n']) fs.mkdirSync(tree(directory), { recursive: true });
  for (const file of ['a', 'b', 'd/e/c', 'm/n/o']) fs.writeFileSync(tree(file), 'content');
  const watcher = await open();
  expect(await watcher.touched()).toEqual(nothing);
  const changes: readonly (readonly [() => void, readonly string[]])[] = [
    [() => fs.writeSync(fs.openSync(tree('a'), 'r+'), 'x', 2), ['a']],
    [() => fs.truncateSync(tree('d/e/c'), 1), ['d/e/c']],
    [() => fs.chmodSync(tree('a'), 0o600), ['a']],
    [() => fs.chmodSync(tree('d/e'), 0o700), ['d/e']],
    [() => fs.utimesSync(tree('a'), 5, 5), ['a']],
    [() => fs.linkSync(tree('a'), tree('d/in')), ['d', 'd/in']],
    [() => fs.renameSync(tree('b'), tree('d/b')), ['b', 'd', 'd/b']],
    [() => fs.unlinkSync(tree('d/b')), ['d', 'd/b']],
    [() => fs.symlinkSync('x', tree('l')), ['l']],
    [() => fs.mkdirSync(tree('new')), ['new', 'new/']],
    [() => fs.writeFileSync(tree('new/file'), 'x'), ['new', 'new/file']],
    [() => fs.renameSync(tree('m'), tree('moved')), ['m', 'moved', 'moved/']],
    [() => fs.appendFileSync(tree('moved/n/o'), 'x'), ['moved/n/o']],
    [() => fs.rmSync(tree('moved'), { recursive: true }), ['moved', 'moved/n', 'moved/n/o']],
    [() => fs.readFileSync(tree('a')), []],
  ];
  for (const [change, told] of changes) {
    change();
    expect(await touchedPaths(watcher)).toEqual(told);
    expect(await touchedPaths(watcher)).toEqual([]);
  }
  await watcher.close();
});

test('a directory moved in with all that is in it is a subtree, and what is written deep in it afterwards is told by its new path', async () => {
  fs.mkdirSync(place('outside/deep/deeper'), { recursive: true });
  const watcher = await open();
  fs.renameSync(place('outside'), tree('inside'));
  expect(await touchedPaths(watcher)).toEqual(['inside', 'inside/']);
  fs.writeFileSync(tree('inside/deep/deeper/file'), 'x');
  expect(await touchedPaths(watcher)).toEqual(['inside/deep/deeper', 'inside/deep/deeper/file']);
  fs.renameSync(tree('inside'), place('gone'));
  expect(await touchedPaths(watcher)).toEqual(['inside']);
  fs.writeFileSync(place('gone/deep/deeper/file'), 'x');
  expect(await watcher.touched()).toEqual(nothing);
  expect((await watcher.stats()).directories).toBe(1);
  await watcher.close();
});

test('a directory that was away just while the refresh looked is complete again after the next question', async () => {
  fs.mkdirSync(tree('d/e'), { recursive: true });
  fs.writeFileSync(tree('d/e/file'), 'x');
  const watcher = await open();
  let { manifest } = walkSync(tree());
  fs.writeFileSync(tree('d/e/file'), 'more');
  const touched = await watcher.touched();
  fs.renameSync(tree('d'), place('away'));
  manifest = follow(manifest, touched);
  expect(manifest.get('d/e/file')).toBe(undefined);
  fs.renameSync(place('away'), tree('d'));
  manifest = follow(manifest, await watcher.touched());
  expect(compareManifests(manifest, walkSync(tree()).manifest)).toEqual({ changed: [], removed: [] });
  await watcher.close();
});

test('two directories exchanged in one step are both watched where they are now', async () => {
  for (const directory of ['one/a', 'two/b']) fs.mkdirSync(tree(directory), { recursive: true });
  const watcher = await open();
  const exchange = 'syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2) == 0 or exit 1';
  const swapped = spawnSync('perl', ['-e', exchange, tree('one'), tree('two')]).status === 0;
  if (!swapped) {
    // Another processor's number of renameat2: the same in three steps.
    fs.renameSync(tree('one'), tree('three'));
    fs.renameSync(tree('two'), tree('one'));
    fs.renameSync(tree('three'), tree('two'));
  }
  await watcher.touched();
  fs.writeFileSync(tree('one/b/file'), '');
  fs.writeFileSync(tree('two/a/file'), '');
  expect(await touchedPaths(watcher)).toEqual(['one/b', 'one/b/file', 'two/a', 'two/a/file']);
  await watcher.close();
});

test('a file written through another name is found by the refresh, the name being old or new, inside or outside', async () => {
  fs.writeFileSync(tree('old'), 'old');
  fs.writeFileSync(tree('single'), 'old');
  fs.linkSync(tree('old'), place('outside'));
  const watcher = await open();
  const { manifest } = walkSync(tree());
  fs.appendFileSync(place('outside'), 'more');
  fs.linkSync(tree('single'), tree('second'));
  fs.appendFileSync(tree('second'), 'more');
  const touched = await watcher.touched();
  expect(touched.trusted && [...touched.paths]).toEqual(['second']);
  const changed = touched.trusted ? refresh(tree(), manifest, touched, []).changed : [];
  expect(changed.map(({ path, size }) => [path, size])).toEqual([
    ['old', 7],
    ['second', 7],
    ['single', 7],
  ]);
  await watcher.close();
});

test('excluded paths are neither watched nor told, nor looked at by the refresh', async () => {
  fs.mkdirSync(tree('.git/objects'), { recursive: true });
  const watcher = await open(['.git', 'out/cache']);
  fs.writeFileSync(tree('.git/objects/x'), '');
  fs.mkdirSync(tree('out/cache/deep'), { recursive: true });
  fs.writeFileSync(tree('out/cache/deep/x'), '');
  expect(await touchedPaths(watcher)).toEqual(expect.arrayContaining(['out', 'out/']));
  fs.writeFileSync(tree('out/cache/deep/y'), '');
  expect(await watcher.touched()).toEqual(nothing);
  expect((await watcher.stats()).directories).toBe(2);
  await watcher.close();
});

test('lost events end the trust once, with the reason, and what comes after that answer is told again', () => {
  const limit = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  const watched = new WatchedTree(tree(), { cookieDirectory: place('cookies') });
  for (let index = 0; index < limit; index += 1) fs.writeFileSync(tree(`f${index % 7}`), '');
  expect(watched.touched()).toEqual({ trusted: false, reason: 'overflow' });
  expect(watched.overflows).toBe(1);
  fs.mkdirSync(tree('late'));
  expect(watched.touched()).toEqual({ trusted: true, paths: new Set(['late']), subtrees: ['late'] });
  watched.close();
});

test('at the limit of watches nothing is trusted, no watch is held, and more room is enough to be trusted again', () => {
  for (let index = 0; index < 40; index += 1) fs.mkdirSync(tree(`d${index}`));
  const script = 'echo 20 > /proc/sys/user/max_inotify_watches && exec "$@"';
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      '--user',
      '--map-root-user',
      'sh',
      '-c',
      script,
      'sh',
      process.execPath,
      program('watch-limit'),
      tree(),
      place('cookies'),
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    { trusted: false, reason: 'limit' },
    { directories: 0 },
    { trusted: false, reason: 'limit' },
    { trusted: true, subtrees: [] },
    { directories: 41 },
  ]);
});

test('a root that is moved away or replaced is noticed', async () => {
  fs.mkdirSync(tree('d'));
  const watcher = await open();
  fs.renameSync(tree(), place('elsewhere'));
  expect(await watcher.touched()).toEqual({ trusted: false, reason: 'root-gone' });
  fs.mkdirSync(tree('other'), { recursive: true });
  expect(await watcher.touched()).toEqual({ trusted: false, reason: 'root-gone' });
  expect(await watcher.touched()).toEqual(nothing);
  fs.writeFileSync(tree('other/file'), '');
  expect(await touchedPaths(watcher)).toEqual(['other', 'other/file']);
  await watcher.close();
});

test('a directory that could not be read is watched from the moment it can be', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [program('watch-closed'), tree(), place('cookies')], {
    encoding: 'utf8',
    ...(process.getuid?.() === 0 ? runAsOwner() : {}),
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    ['closed', 'closed/'],
    ['closed', 'closed/file'],
  ]);
});

function runAsOwner(): { readonly uid: number; readonly gid: number } {
  spawnSync('chown', ['-R', '1001:1001', place()]);
  return { uid: 1001, gid: 1001 };
}

test('a watcher that is open, idle or in a flood, keeps no process from ending, and the end is clean', () => {
  for (const mode of ['idle', 'flood', 'exit', 'closed']) {
    const argv = [program('watch-and-end'), tree(), place('cookies'), mode];
    const { status, signal } = spawnSync(process.execPath, argv, { timeout: 20_000 });
    expect([mode, status, signal]).toEqual([mode, 0, null]);
  }
});

test('two thousand directories are watched without a walk of what is in them, and a flood of another process loses nothing', async () => {
  for (let index = 0; index < 2000; index += 1) fs.mkdirSync(tree(`d${index % 40}`, `e${index}`), { recursive: true });
  const watcher = await open();
  expect((await watcher.stats()).directories).toBe(2041);
  expect((await watcher.stats()).residentBytes).toBeLessThan(40_000_000);
  const flood =
    'for $i (1..8000) { my $n = $i % 2000; open F, ">", "$ARGV[0]/d" . ($n % 40) . "/e$n/f$i" or die; close F }';
  const { status } = await new Promise<{ status: number | null }>((resolve) => {
    spawn('perl', ['-e', flood, tree()]).once('exit', (code) => resolve({ status: code }));
  });
  expect(status).toBe(0);
  const touched = await watcher.touched();
  expect(touched.trusted && [...touched.paths].filter((path) => path.includes('/f')).length).toBe(8000);
  await watcher.close();
});
