import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { expect, test } from 'vitest';
import { CopyBatch } from '../../src/disk/copy-entry.js';
import { copyTree, type CopyProgress } from '../../src/disk/copy.js';
import { walkSync } from '../../src/disk/walk.js';
import { findDefects } from '../../src/disk/copy-proof.js';
import { compareManifests } from '../../src/model/compare.js';
import { manifestOf, type Manifest } from '../../src/model/manifest.js';
import { asOrdinaryUser, giveToOrdinaryUser, ordinaryId } from '../support/ordinary-user.js';
import { codeOfThrown, freshDirectory, program } from './helpers.js';
import { makeDifficultTree, portrait, portraitWithoutLinks } from './trees.js';

const place = freshDirectory();
const paths = (manifest: { entries(): Iterable<{ readonly path: string }> }): string[] =>
  [...manifest.entries()].map((entry) => entry.path);

function twoRoots(): { readonly from: string; readonly to: string } {
  fs.mkdirSync(place('from'));
  fs.mkdirSync(place('to'));
  return { from: place('from'), to: place('to') };
}

test('a copied tree is the same in names, modes, times, links of both sorts, holes, attributes and content', async () => {
  const { from, to } = twoRoots();
  makeDifficultTree(from);
  const { source, copy, unstable, errors } = await copyTree({ from, to });
  expect([unstable, errors]).toEqual([[], []]);
  expect(portrait(to)).toEqual(portrait(from));
  expect(fs.statSync(place('to/sparse')).blocks).toBeLessThan(1000);
  expect(compareManifests(source, walkSync(from).manifest)).toEqual({ changed: [], removed: [] });
  expect(compareManifests(copy, walkSync(to).manifest)).toEqual({ changed: [], removed: [] });
});

test('what is excluded is not copied, at the top and below, and the rest is the same', async () => {
  const { from, to } = twoRoots();
  makeDifficultTree(from);
  const exclude = ['.git', 'out/drop', 'links/two', 'not there/at all'];
  const { source, copy } = await copyTree({ from, to, exclude });
  expect(portrait(to)).toEqual(portrait(from, exclude));
  expect(paths(source)).toEqual(paths(copy));
});

test('a tree that is copied in parts by several processes is the same, and progress is told up to the end', async () => {
  const { from, to } = twoRoots();
  for (let directory = 0; directory < 60; directory += 1) {
    fs.mkdirSync(`${from}/big/d${directory}`, { recursive: true });
    for (let file = 0; file < 60; file += 1) fs.writeFileSync(`${from}/big/d${directory}/${file}`, `${file}`);
    fs.utimesSync(`${from}/big/d${directory}`, directory, directory);
  }
  const told: CopyProgress[] = [];
  const { source } = await copyTree({ from, to, onProgress: (progress) => told.push(progress) });
  expect(portrait(to)).toEqual(portrait(from));
  expect(told.at(-1)).toEqual({ done: source.length, total: source.length });
  expect(source.length).toBe(60 * 61 + 1);
});

test('single entries are copied as the whole is, with their directories, hard links among them, over whatever stands there', async () => {
  const { from, to } = twoRoots();
  makeDifficultTree(from);
  fs.mkdirSync(place('to/dangling/full'), { recursive: true });
  fs.symlinkSync(place('from'), place('to/plain'));
  const batch = new CopyBatch(from, to);
  for (const path of ['', ...paths(walkSync(from).manifest)].toReversed()) {
    const outcome = await batch.copy(path);
    expect([path, outcome.state]).toEqual([path, 'copied']);
  }
  batch.finish();
  expect(portrait(to)).toEqual(portrait(from));
  expect(fs.statSync(place('to/sparse')).blocks).toBeLessThan(1000);
  fs.rmSync(place('from/plain/file'));
  expect(await batch.copy('plain/file')).toEqual({ state: 'gone' });
  batch.finish();
  expect(portrait(to)).toEqual(portrait(from));
});

test('where extents can be shared they are, in the whole and in single entries', async () => {
  const script =
    'truncate -s 200M "$1/image" && mkfs.btrfs -q "$1/image" && mkdir "$1/b" && mount -o loop "$1/image" "$1/b"';
  const mounted = spawnSync('sh', ['-c', script, 'sh', place()]).status === 0;
  const room = mounted ? place('b') : place();
  try {
    fs.mkdirSync(`${room}/from`);
    fs.mkdirSync(`${room}/to`);
    fs.writeFileSync(`${room}/from/large`, Buffer.alloc(3_000_000, 'x'));
    const batch = new CopyBatch(`${room}/from`, `${room}/to`);
    await batch.copy('large');
    batch.finish();
    expect(portrait(`${room}/to`).slice(1)).toEqual(portrait(`${room}/from`).slice(1));
    const shared = spawnSync('filefrag', ['-v', `${room}/to/large`], { encoding: 'utf8' }).stdout.includes('shared');
    expect(shared).toBe(mounted);
  } finally {
    if (mounted) spawnSync('umount', [room]);
  }
});

test('a copy of a tree that changes all the time misses nothing: what differs later is what changed later', async () => {
  const { from, to } = twoRoots();
  const writer = spawn(process.execPath, [program('change-for-ever'), from, '7'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => writer.stdout.once('data', resolve));
  const { source } = await copyTree({ from, to });
  writer.kill('SIGKILL');
  await new Promise((resolve) => writer.once('exit', resolve));
  const { changed, removed } = compareManifests(source, walkSync(from).manifest);
  const batch = new CopyBatch(from, to);
  for (const path of [...removed, ...changed.map((entry) => entry.path)]) await batch.copy(path);
  await batch.copy('');
  batch.finish();
  expect(portraitWithoutLinks(to)).toEqual(portraitWithoutLinks(from));
});

test('a file that never rests is copied and said to be unstable', async () => {
  const { from, to } = twoRoots();
  fs.writeFileSync(place('from/quiet'), 'x');
  // Large, so that each attempt takes longer than a writer ever waits for its turn.
  fs.writeFileSync(place('from/log'), Buffer.alloc(48_000_000, 'x'));
  const writer = spawn('perl', [
    '-e',
    '$|=1; open F, ">>", $ARGV[0]; while (1) { syswrite F, "line\n"; }',
    place('from/log'),
  ]);
  try {
    while (fs.statSync(place('from/log')).size < 48_010_000) await new Promise((resolve) => setTimeout(resolve, 5));
    const batch = new CopyBatch(from, to);
    expect((await batch.copy('log')).state).toBe('unstable');
    expect((await batch.copy('quiet')).state).toBe('copied');
    fs.rmSync(to, { recursive: true });
    const { unstable, errors } = await copyTree({ from, to });
    expect([unstable, errors]).toEqual([['log'], []]);
    expect(fs.statSync(place('to/log')).size).toBeGreaterThan(0);
  } finally {
    writer.kill('SIGKILL');
    await new Promise((resolve) => writer.once('exit', resolve));
  }
});

test('what changed during the copy is copied again even if it looks the same afterwards, and what went is removed', () => {
  const look = { kind: 'file', mode: 0o644, size: 5, mtimeNs: 1n, ctimeNs: 1n, dev: 1, nlink: 1 } as const;
  const tree = (ctimes: Record<string, bigint>): Manifest =>
    manifestOf(Object.entries(ctimes).map(([path, ctimeNs], ino) => ({ ...look, path, ino, ctimeNs })));
  const before = tree({ same: 1n, touched: 1n, went: 1n });
  const after = tree({ same: 1n, touched: 2n });
  expect(findDefects(before, after, tree({ same: 7n, touched: 7n, went: 7n }))).toEqual({
    again: ['touched', 'went'],
    directories: [],
  });
});

test('sockets are no error, and an aborted copy stops with the reason given', async () => {
  const { from, to } = twoRoots();
  fs.writeFileSync(place('from/file'), 'x');
  const server = net.createServer().listen(place('from/socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  const { errors, source } = await copyTree({ from, to });
  expect([errors, paths(source)]).toEqual([[], ['file', 'socket']]);
  expect((await new CopyBatch(from, to).copy('socket')).state).toBe('skipped');
  server.close();
  const reason = Object.assign(new Error('enough'), { code: 'ENOUGH' });
  const signal = AbortSignal.abort(reason);
  expect(await codeOfThrown(() => copyTree({ from, to: place('other'), signal }))).toBe('ENOUGH');
});

test('what an ordinary user may not read is listed, and the rest is copied', () => {
  twoRoots();
  for (const name of ['open', 'closed']) fs.writeFileSync(place('from', name), name);
  fs.mkdirSync(place('from/hidden'));
  giveToOrdinaryUser(place());
  fs.chmodSync(place('from/closed'), 0o000);
  fs.chmodSync(place('from/hidden'), 0o000);
  const [command = '', ...args] = asOrdinaryUser([process.execPath, program('copy'), place('from'), place('to')]);
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  const errors = [
    { path: 'closed', code: 'EACCES' },
    { path: 'hidden', code: 'EACCES' },
  ];
  expect(JSON.parse(stdout)).toEqual({ errors: expect.arrayContaining(errors) as unknown, unstable: [] });
  expect(fs.readdirSync(place('to')).sort()).toEqual(['hidden', 'open']);
});

test('in a user namespace all that is copied belongs to the user and his own group, also below a directory that hands down another', () => {
  twoRoots();
  fs.mkdirSync(place('from/shared'));
  for (const name of ['shared/theirs', 'mine']) fs.writeFileSync(place('from', name), name);
  giveToOrdinaryUser(place());
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const at of ['from/shared', 'from/shared/theirs', 'to']) fs.chownSync(place(at), ordinaryId, 4242);
  if (isRoot) for (const at of ['from/shared', 'to']) fs.chmodSync(place(at), 0o2775);
  const [command = '', ...args] = asOrdinaryUser(
    ['unshare', '--user', '--map-root-user', process.execPath].concat(
      program('copy'),
      place('from'),
      place('to/layer'),
    ),
  );
  expect(spawnSync(command, args, { encoding: 'utf8' }).stdout).toBe('{"errors":[],"unstable":[]}');
  const owner = isRoot ? ordinaryId : process.getgid?.();
  for (const at of ['layer', 'layer/shared', 'layer/shared/theirs', 'layer/mine']) {
    expect([at, fs.statSync(place('to', at)).gid]).toEqual([at, owner]);
  }
  expect(fs.statSync(place('to/layer/shared')).mode).toBe(fs.statSync(place('from/shared')).mode);
});
