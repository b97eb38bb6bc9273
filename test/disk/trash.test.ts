import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { discard, emptyTrash } from '../../src/disk/trash.js';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.js';
import { codeOfThrown, freshDirectory, program } from './helpers.js';

const place = freshDirectory();
const inStore = () => ({ store: place('store'), trash: place('store/trash') });

test('what is discarded is gone from its place at once and from the disk when the trash is emptied', async () => {
  fs.mkdirSync(place('store/layers/one/deep'), { recursive: true });
  fs.writeFileSync(place('store/layers/one/deep/file'), 'x');
  expect(await discard(place('store/layers/one'), inStore())).toBe(true);
  expect(await discard(place('store/layers/one'), inStore())).toBe(false);
  expect(fs.readdirSync(place('store/layers'))).toEqual([]);
  expect(fs.readdirSync(place('store/trash'))).toHaveLength(1);
  expect(await emptyTrash(place('store/trash'))).toEqual({ removed: 3, errors: [] });
  expect(fs.readdirSync(place('store/trash'))).toEqual([]);
  expect(await emptyTrash(place('missing'))).toEqual({ removed: 0, errors: [] });
});

test('only what is inside the store goes: not what a link leads to, not the store, not the trash or what holds it', async () => {
  fs.mkdirSync(place('store/inner'), { recursive: true });
  fs.mkdirSync(place('outside'));
  fs.writeFileSync(place('outside/precious'), 'x');
  fs.symlinkSync(place('outside'), place('store/link'));
  const refused = [
    'outside',
    'store',
    'store/trash',
    'store/link/precious',
    'store/inner/../../outside',
    'store/trash/x',
  ];
  fs.mkdirSync(place('store/trash/x'), { recursive: true });
  for (const at of refused)
    expect([at, await codeOfThrown(() => discard(place(at), inStore()))]).toEqual([at, 'E_DISCARD_REFUSED']);
  const nested = { store: place('store'), trash: place('store/inner/trash') };
  expect(await codeOfThrown(() => discard(place('store/inner'), nested))).toBe('E_DISCARD_REFUSED');
  expect(await discard(place('store/link'), inStore())).toBe(true);
  await emptyTrash(place('store/trash'));
  expect(fs.readFileSync(place('outside/precious'), 'utf8')).toBe('x');
});

test('an ordinary user is rid of directories that nobody may enter, such as an overlay leaves', () => {
  fs.mkdirSync(place('store/context/work/work/inner'), { recursive: true });
  fs.writeFileSync(place('store/context/work/work/inner/file'), '');
  fs.chmodSync(place('store/context/work/work/inner'), 0o500);
  fs.chmodSync(place('store/context/work/work'), 0o000);
  giveToOrdinaryUser(place());
  const [command = '', ...args] = asOrdinaryUser([
    process.execPath,
    program('discard'),
    place('store'),
    place('store/context'),
  ]);
  expect(spawnSync(command, args, { encoding: 'utf8' })).toMatchObject({
    stderr: '',
    stdout: '{"removed":5,"errors":[]} ',
  });
});

test('nothing under a mount point is discarded or removed, also when the same file system is mounted there', () => {
  fs.mkdirSync(place('store/context/mounted'), { recursive: true });
  fs.mkdirSync(place('store/trash/old/mounted'), { recursive: true });
  fs.mkdirSync(place('outside'));
  fs.writeFileSync(place('outside/precious'), 'x');
  const mounted =
    'mount --bind "$1/outside" "$1/store/context/mounted" && mount --bind "$1/outside" "$1/store/trash/old/mounted"';
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      '--user',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      `${mounted} && exec "$2" "$3" "$1/store" "$1/store/context"`,
      'sh',
      place(),
      process.execPath,
      program('discard'),
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout).toBe('{"removed":0,"errors":["EXDEV"]} E_DISCARD_REFUSED');
  expect(fs.readFileSync(place('outside/precious'), 'utf8')).toBe('x');
});
