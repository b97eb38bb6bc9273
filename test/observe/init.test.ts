import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { init } from '../../src/observe/init.js';
import { resolveRoot } from '../../src/observe/registry.js';
import { locateShadow, openShadow, shadowRoot } from '../../src/observe/shadow.js';
import { stat } from '../../src/observe/stat.js';
import { git, observedWorld } from './observed-world.js';
import { makeDirectories, program } from './places.js';

const world = observedWorld();
const { real, shadows } = world;

test('a shadow repository lies under the real path, with its id, settings and branches, and git finds no fault', async () => {
  const shadow = await world.init({ policy: 'bundle-subdirs' });
  expect(shadow.path).toBe(path.join(shadows(), real(), `${shadow.uuid}.fso`));
  expect(fs.readFileSync(path.join(shadow.path, '.git/fso/uuid'), 'utf8').trim()).toBe(shadow.uuid);
  expect(git(shadow, 'config', 'fso.realdir')).toBe(`${real()}\n`);
  expect(git(shadow, 'rev-parse', '--is-bare-repository')).toBe('false\n');
  const branches = git(shadow, 'for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads')
    .trim()
    .split('\n');
  expect(branches.map((line) => line.split(' ')[0])).toEqual([
    'master-content',
    'master-sha',
    'master-stat',
    'master-stub',
  ]);
  expect(new Set(branches.map((line) => line.split(' ')[1])).size).toBe(1);
  expect(git(shadow, 'ls-tree', '--name-only', 'master-stat')).toBe('.gitattributes\n.gitignore\n.nogbundles\n');
  expect(git(shadow, 'status', '--porcelain')).toBe('');
  expect(git(shadow, 'fsck', '--strict')).toBe('');
  expect(fs.readdirSync(path.dirname(shadow.path))).toEqual([path.basename(shadow.path)]);
});

test('one directory has one shadow repository, also when two make it at once', async () => {
  await world.init();
  await expect(world.init()).rejects.toMatchObject({ code: 'E_SHADOW_EXISTS' });
  makeDirectories(real(), 'other');
  const both = await Promise.allSettled(
    [1, 2].map(() => init({ realDirectory: real('other'), shadowRoot: shadows() })),
  );
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a lock whose file goes with it is had by one at a time', async () => {
  fs.mkdirSync(shadows());
  const argv = [program('passing-lock'), path.join(shadows(), 'lock'), '300'];
  const run = promisify(execFile);
  await Promise.all([1, 2, 3, 4].map(() => run(process.execPath, argv)));
  expect(fs.readdirSync(shadows())).toEqual([]);
});

test('a directory inside an observed one may have its own', async () => {
  makeDirectories(real(), 'a/b');
  const outer = await world.init();
  const inner = await init({ realDirectory: real('a'), shadowRoot: shadows() });
  const options = { shadowRoot: shadows() };
  expect(await locateShadow(real('a/b'), options)).toEqual({ shadow: inner, path: 'b' });
  expect(await locateShadow(real('gone/x'), options)).toEqual({ shadow: outer, path: 'gone/x' });
});

test('neither the shadow root inside the directory nor the reverse is taken, and nothing is written', async () => {
  makeDirectories(real(), 'in');
  const refused = { code: 'E_SHADOW_NESTED' };
  await expect(init({ realDirectory: real(), shadowRoot: real('in/new/shadows') })).rejects.toMatchObject(refused);
  await expect(init({ realDirectory: real(), shadowRoot: real() })).rejects.toMatchObject(refused);
  await expect(init({ realDirectory: real('in'), shadowRoot: real() })).rejects.toMatchObject(refused);
  fs.symlinkSync(real('in'), `${shadows()}-link`);
  await expect(init({ realDirectory: real(), shadowRoot: `${shadows()}-link/x` })).rejects.toMatchObject(refused);
  expect(fs.readdirSync(real(), { recursive: true })).toEqual(['in']);
});

test('what is no directory is refused, a link to one means the directory', async () => {
  fs.writeFileSync(real('file'), '');
  for (const at of ['file', 'none']) {
    await expect(init({ realDirectory: real(at), shadowRoot: shadows() })).rejects.toMatchObject({ code: 'E_REALDIR' });
  }
  fs.symlinkSync(real(), `${shadows()}-link`);
  expect((await init({ realDirectory: `${shadows()}-link`, shadowRoot: shadows() })).realDirectory).toBe(real());
});

test('what an init cut short has left does not count, and goes', async () => {
  const holder = path.join(shadows(), real());
  fs.mkdirSync(path.join(holder, '.tmp-something/.git/fso'), { recursive: true });
  fs.writeFileSync(path.join(holder, '.tmp-something/.git/fso/uuid'), 'x');
  const shadow = await world.init();
  expect(fs.readdirSync(holder)).toEqual([`${shadow.uuid}.fso`]);
});

test('nothing of the user who makes it is in the repository: no template, no hook', async () => {
  fs.mkdirSync(`${shadows()}-template/hooks`, { recursive: true });
  fs.writeFileSync(`${shadows()}-template/hooks/pre-commit`, '');
  process.env['GIT_TEMPLATE_DIR'] = `${shadows()}-template`;
  const shadow = await world.init();
  delete process.env['GIT_TEMPLATE_DIR'];
  expect(fs.existsSync(path.join(shadow.gitDir, 'hooks/pre-commit'))).toBe(false);
  expect(execFileSync('git', ['-C', shadow.path, 'config', 'core.filemode'], { encoding: 'utf8' })).toBe('false\n');
});

test('the shadow root is told by the environment', () => {
  expect(shadowRoot({ MIZER_SHADOW_ROOT: '/s', HOME: '/h' })).toBe('/s');
  expect(shadowRoot({ XDG_DATA_HOME: '/x', HOME: '/h' })).toBe('/x/mizer/shadows');
  expect(shadowRoot({ HOME: '/h' })).toBe('/h/.local/share/mizer/shadows');
});

test('a shadow repository of the original is opened', async () => {
  const shadow = await world.init();
  fs.rmSync(path.join(shadow.gitDir, 'fso/uuid'));
  git(shadow, 'config', '--unset', 'fso.rollup');
  expect(await openShadow(real(), { shadowRoot: shadows() })).toEqual(shadow);
});

test('a path that is not UTF-8 is refused with a code of its own, typed or reached by a link; what lies above it is observed', async () => {
  const bytes = Buffer.concat([Buffer.from(`${real()}/a`), Buffer.from([0xff])]);
  fs.mkdirSync(bytes);
  fs.symlinkSync(bytes, real('link'));
  const refused = { code: 'E_PATH_NOT_UTF8', hint: expect.stringContaining('above it') as string };
  const typed = bytes.toString('utf8');
  for (const realDirectory of [real('link'), typed]) {
    await expect(init({ realDirectory, shadowRoot: shadows() })).rejects.toMatchObject(refused);
    expect(() => resolveRoot(realDirectory)).toThrow(expect.objectContaining(refused) as Error);
  }
  const shadow = await world.init();
  expect((await stat(shadow)).errors).toEqual([]);
});

test('all there is cannot be observed, as no shadow root is outside of it, and the error says what can', async () => {
  await expect(init({ realDirectory: '/', shadowRoot: shadows() })).rejects.toMatchObject({
    code: 'E_SHADOW_NESTED',
    hint: expect.stringContaining('/home') as string,
  });
});
