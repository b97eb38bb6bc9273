import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { stat, type StatResult } from '../../src/observe/stat.js';
import type { Shadow } from '../../src/observe/shadow.js';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.js';
import {
  fields,
  foundByFindAndDu,
  git,
  makeRepository,
  observedWorld,
  recordOf,
  totalsIn,
  tracked,
} from './observed-world.js';
import { makeDirectories, makeFiles, program } from './places.js';

const { real, init, shadows } = observedWorld();

/** A stat by a user whom the kernel can refuse something. */
function ordinaryStat(shadow: Shadow): StatResult {
  giveToOrdinaryUser(shadows());
  const argv = asOrdinaryUser([process.execPath, program('stat'), shadow.path]);
  const said = execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
  return JSON.parse(said.replace('ready\n', '')) as StatResult;
}

const treeOf = (shadow: Shadow, at: string): string => git(shadow, 'ls-tree', '-r', 'master-stat', '--', at);

test('what cannot be read keeps its last record and its totals, the rest goes on, and a note says so', async () => {
  makeFiles(real(), { 'closed/in/file': '12345', 'closed/x': '1', 'open/y': '1', 'listed/z': 'zz' });
  giveToOrdinaryUser(real());
  const shadow = await init();
  expect(ordinaryStat(shadow).errors).toEqual([]);
  const closed = treeOf(shadow, 'closed');
  const listed = treeOf(shadow, 'listed');

  makeFiles(real(), { 'closed/x': 'changed', 'open/y': 'changed', 'listed/z': 'changed' });
  fs.chmodSync(real('closed'), 0);
  fs.chmodSync(real('listed'), 0o400);
  const result = ordinaryStat(shadow);
  expect(result.unchanged).toBe(false);
  expect(result.errors.map(({ path: at, reason }) => `${reason} ${at}`).sort()).toEqual([
    'EACCES closed',
    'EACCES listed',
  ]);
  expect(treeOf(shadow, 'closed')).toBe(closed);
  expect(treeOf(shadow, 'listed')).toBe(listed);
  expect(fields(recordOf(shadow, 'open/y'))['size']).toBe('7');
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual({ dirs: 5, files: 4, links: 0, others: 0, size: '15' });
  const note = git(shadow, 'notes', 'show', 'master-stat')
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  expect(note.sort()).toEqual(['EACCES closed', 'EACCES listed']);

  fs.chmodSync(real('closed'), 0o755);
  fs.chmodSync(real('listed'), 0o755);
  expect(ordinaryStat(shadow).errors).toEqual([]);
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
  expect(fields(recordOf(shadow, 'closed/x'))['size']).toBe('7');
}, 30_000);

test('without totals in directories the last records are summed', async () => {
  makeFiles(real(), { 'closed/in/file': '12345', 'closed/x': '1' });
  fs.symlinkSync('x', real('closed/l'));
  giveToOrdinaryUser(real());
  const shadow = await init({ rollup: false });
  ordinaryStat(shadow);
  fs.chmodSync(real('closed'), 0);
  makeFiles(real(), { more: '1' });
  ordinaryStat(shadow);
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual({ dirs: 3, files: 3, links: 1, others: 0, size: '7' });
  fs.chmodSync(real('closed'), 0o755);
});

test('what could never be read is counted itself and listed', async () => {
  makeFiles(real(), { 'closed/x': '1', y: '1' });
  giveToOrdinaryUser(real());
  fs.chmodSync(real('closed'), 0);
  const shadow = await init();
  expect(ordinaryStat(shadow).errors).toEqual([{ path: 'closed', reason: 'EACCES' }]);
  expect(tracked(shadow)).toEqual(['.nogtree', 'y']);
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toMatchObject({ dirs: 2, files: 1 });
  fs.chmodSync(real('closed'), 0o755);
});

test('a closed directory that the policy wants as a bundle is one, with what was known of it', async () => {
  makeFiles(real(), { 'closed/x': '123', 'other/y': '1' });
  giveToOrdinaryUser(real());
  const shadow = await init({ policy: 'bundle-subdirs' });
  ordinaryStat(shadow);
  const before = recordOf(shadow, 'closed');
  fs.chmodSync(real('closed'), 0);
  makeFiles(real(), { 'other/y': '22', 'other/z': '' });
  expect(ordinaryStat(shadow).errors).toHaveLength(1);
  expect(recordOf(shadow, 'closed')).toBe(before);
  expect(totalsIn(recordOf(shadow, 'other'))).toMatchObject({ files: 2, size: '2' });
  fs.chmodSync(real('closed'), 0o755);
});

test('a nested repository that cannot be read keeps its last record and is not entered', async () => {
  makeRepository(real('repo'));
  giveToOrdinaryUser(real());
  const shadow = await init();
  ordinaryStat(shadow);
  const before = recordOf(shadow, 'repo');
  expect(before).toContain('submodule: ');
  fs.chmodSync(real('repo/.git'), 0);
  const { errors } = ordinaryStat(shadow);
  expect(errors.map((one) => one.path)).toContain('repo/.git');
  expect(tracked(shadow)).toEqual(['.nogtree', 'repo']);
  expect(recordOf(shadow, 'repo')).toBe(before);
  fs.chmodSync(real('repo/.git'), 0o755);
});

test('a root that cannot be read is refused, and the branch stays', async () => {
  makeFiles(real(), { x: '1' });
  giveToOrdinaryUser(real());
  const shadow = await init();
  ordinaryStat(shadow);
  fs.chmodSync(real(), 0);
  expect(ordinaryStat(shadow)).toMatchObject({ code: 'E_REALDIR_CLOSED' });
  fs.chmodSync(real(), 0o755);
  expect(tracked(shadow)).toEqual(['.nogtree', 'x']);
});

test('while files come, go, grow and change into directories the scan goes on, and then all is true', async () => {
  for (let index = 0; index < 40; index += 1) makeFiles(real(), { [`d${index}/a`]: 'x', [`d${index}/b/c`]: 'y' });
  const shadow = await init();
  const script =
    'for (let n = 0; ; n += 1) { const d = `${process.argv[1]}/d${n % 40}`; fs.rmSync(d, { recursive: true, force: true }); fs.mkdirSync(`${d}/b`, { recursive: true }); fs.writeFileSync(`${d}/a`, "x".repeat(n % 100)); if (n % 3) fs.writeFileSync(`${d}/b/c`, "y"); else fs.mkdirSync(`${d}/b/c`); }';
  const changer = spawn(process.execPath, ['-e', `const fs = require('node:fs'); ${script}`, real()], {
    stdio: 'ignore',
  });
  const ended = once(changer, 'close');
  try {
    for (let round = 0; round < 15; round += 1) {
      const { errors } = await stat(shadow);
      expect(errors).toEqual([]);
    }
  } finally {
    changer.kill('SIGKILL');
    await ended;
  }
  await stat(shadow);
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
  expect(git(shadow, 'fsck', '--strict', '--no-dangling')).toBe('');
}, 60_000);

test('names in the list of errors and in the note are unambiguous', async () => {
  makeDirectories(real(), 'new\nline');
  giveToOrdinaryUser(real());
  fs.chmodSync(real('new\nline'), 0);
  makeFiles(real(), { x: '' });
  const shadow = await init();
  expect(ordinaryStat(shadow).errors).toEqual([{ path: 'new\nline', reason: 'EACCES' }]);
  expect(git(shadow, 'notes', 'show', 'master-stat').trim()).toBe('EACCES "new\\nline"');
  fs.chmodSync(real('new\nline'), 0o755);
  expect(path.basename(shadow.path)).toBe(`${shadow.uuid}.fso`);
});
