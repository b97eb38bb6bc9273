import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readJson, removeLeftovers, temporaryName, writeAtomic } from '../../src/disk/atomic.js';
import { codeOfThrown, freshDirectory, program } from './helpers.js';

const place = freshDirectory();
const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');

test('a writer killed at any moment leaves the file as it was or as it was to be, and its leftovers are found and removed', async () => {
  const file = place('state.json');
  let leftovers = 0;
  let written = new Set<string>();
  fs.writeFileSync(file, JSON.stringify({ round: -1, filler: 'x'.repeat(200_000) }));
  // On a busy machine a writer comes to little in that time: then there are more rounds, and longer ones.
  for (let round = 0; round < 50 || (written.size <= 5 && round < 200); round += 1) {
    const child = spawn(process.execPath, [program('write-for-ever'), file], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, ((round * 7) % 23) + 20 * Math.floor(round / 50)));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const { round: at, filler } = JSON.parse(fs.readFileSync(file, 'utf8')) as { round: number; filler: string };
    expect(filler).toBe('x'.repeat(200_000));
    written = written.add(String(at));
    leftovers += await removeLeftovers(place());
    expect(fs.readdirSync(place())).toEqual(['state.json']);
  }
  expect(leftovers).toBeGreaterThan(0);
  expect(written.size).toBeGreaterThan(5);
});

test('leftovers of the dead go, files of writers that live and of other programs stay', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const kept = [
    '.mizer-tmp-',
    `.mizer-tmp-${process.ppid}-abcdef-1`,
    'other',
    path.basename(temporaryName(place('x'))),
  ];
  // Of an earlier process that had our own id.
  const removed = [`.mizer-tmp-${dead}-abcdef-1`, `.mizer-tmp-${process.pid}-abcdef-1`];
  for (const name of [...kept, ...removed]) fs.writeFileSync(place(name), '');
  expect(await removeLeftovers(place())).toBe(2);
  expect(fs.readdirSync(place()).sort()).toEqual(kept.sort());
  expect(await removeLeftovers(place('missing'))).toBe(0);
});

test('a file has exactly the mode asked for, and a failed write leaves what was there and nothing beside it', async () => {
  await writeAtomic(place('file'), 'old', { mode: 0o666, flush: false });
  expect(fs.statSync(place('file')).mode & 0o777).toBe(0o666);
  await writeAtomic(place('file'), Buffer.from('new'), { mode: 0o600 });
  expect([fs.readFileSync(place('file'), 'utf8'), fs.statSync(place('file')).mode & 0o777]).toEqual(['new', 0o600]);
  fs.mkdirSync(place('directory'));
  expect(await codeOfThrown(() => writeAtomic(place('directory'), 'x'))).toBe('E_WRITE_FAILED');
  expect(await codeOfThrown(() => writeAtomic(place('missing/file'), 'x'))).toBe('E_WRITE_FAILED');
  expect(fs.readdirSync(place()).sort()).toEqual(['directory', 'file']);
});

test('on a full disk the old file stays and the error says what to do', () => {
  const script = 'mkdir "$1/small" && mount -t tmpfs -o size=64k none "$1/small" && exec "$2" "$3" "$1/small/file"';
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', place(), process.execPath, program('fill-disk')],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ code: 'E_DISK_FULL', content: 'old', names: ['file'] });
});

test('a state file that is cut, is no JSON or holds something else is named in the error; none at all is no error', async () => {
  fs.writeFileSync(place('good'), '[1, 2]');
  fs.writeFileSync(place('cut'), '[1, 2');
  fs.writeFileSync(place('other'), '{"a": 1}');
  fs.mkdirSync(place('directory'));
  expect(await readJson(place('good'), isNumbers)).toEqual([1, 2]);
  expect(await readJson(place('missing'), isNumbers)).toBe(undefined);
  for (const name of ['cut', 'other', 'directory']) {
    await expect(readJson(place(name), isNumbers)).rejects.toMatchObject({
      code: 'E_STATE_CORRUPT',
      message: expect.stringContaining(place(name)) as unknown,
    });
  }
});
