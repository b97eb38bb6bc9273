import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { MizerError } from '../../src/model/errors.js';
import { defaultSettings, Registry } from '../../src/observe/registry.js';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.js';
import { freshDirectory, makeDirectories, program } from './places.js';

const place = freshDirectory();

async function codeOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof MizerError ? error.code : error),
  );
}

function numbered(count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `root-${index}`);
  makeDirectories(place('roots'), ...names);
  return names.map((name) => place('roots', name));
}

test('what is said of a root is kept, and another registry reads it back', async () => {
  makeDirectories(place(), 'b', 'a');
  const settings = {
    patterns: 'repo *\n# ünïcode\n',
    enabledPaths: ['1 deep/er'],
    initPolicy: 'bundle-subdirs .\n',
    limits: [{ prefix: 'é', entries: 5, bytes: 7 }],
  };
  const registry = new Registry(place('state'));
  expect(await registry.roots()).toEqual([]);
  await registry.add(place('b'), settings);
  await registry.add(place('a'), defaultSettings);
  const [a, b] = await new Registry(place('state')).roots();
  expect(a).toMatchObject({ path: place('a'), ...defaultSettings });
  expect(b).toMatchObject({ path: place('b'), ...settings });
});

test('set replaces what is given and leaves the rest; remove forgets one root only', async () => {
  makeDirectories(place(), 'a', 'b');
  const registry = new Registry(place('state'));
  await registry.add(place('a'), { ...defaultSettings, enabledPaths: ['1 x'] });
  await registry.add(place('b'), defaultSettings);
  await registry.set(place('a'), { patterns: 'enter *\n' });
  expect(await registry.root(place('a'))).toMatchObject({ patterns: 'enter *\n', enabledPaths: ['1 x'] });
  await registry.remove(place('b'));
  expect((await registry.roots()).map(({ path }) => path)).toEqual([place('a')]);
});

test('a directory is a root once, by whatever link it is named', async () => {
  makeDirectories(place(), 'a');
  fs.symlinkSync(place('a'), place('link'));
  const registry = new Registry(place('state'));
  await registry.add(place('link'), defaultSettings);
  expect(await codeOf(registry.add(place('a'), defaultSettings))).toBe('E_ROOT_EXISTS');
  expect((await registry.root(place('a'))).path).toBe(place('link'));
});

test('what is wrong is refused before anything is kept', async () => {
  makeDirectories(place(), 'a');
  fs.writeFileSync(place('file'), '');
  const registry = new Registry(place('state'));
  const add = (path: string, more: object): Promise<unknown> =>
    codeOf(registry.add(path, { ...defaultSettings, ...more }));
  expect(await add(place('gone'), {})).toBe('E_ROOT_GONE');
  expect(await add(place('file'), {})).toBe('E_ROOT_GONE');
  expect(await add(place('a'), { patterns: 'repo [\n' })).toBe('E_PATTERN_INVALID');
  expect(await add(place('a'), { enabledPaths: ['x'] })).toBe('E_PATTERN_INVALID');
  expect(await add(place('a'), { initPolicy: 'everything *' })).toBe('E_PATTERN_INVALID');
  expect(await registry.roots()).toEqual([]);
  await registry.add(place('a'), defaultSettings);
  expect(await codeOf(registry.set(place('a'), { patterns: 'repo [\n' }))).toBe('E_PATTERN_INVALID');
  expect(await registry.root(place('a'))).toMatchObject(defaultSettings);
  expect(await codeOf(registry.set(place('b'), {}))).toBe('E_ROOT_UNKNOWN');
  expect(await codeOf(registry.remove(place('b')))).toBe('E_ROOT_UNKNOWN');
});

test('a root that is gone can still be changed and removed', async () => {
  makeDirectories(place(), 'a');
  const registry = new Registry(place('state'));
  await registry.add(place('a'), defaultSettings);
  fs.rmdirSync(place('a'));
  await registry.set(place('a'), { enabledPaths: ['0 x'] });
  await registry.remove(place('a'));
  expect(await registry.roots()).toEqual([]);
});

test('writers at the same time lose nothing of one another', async () => {
  const roots = numbered(40);
  const writers = [0, 1, 2, 3].map((part) => roots.filter((_, index) => index % 4 === part));
  const children = writers.map((part) =>
    spawn(process.execPath, [program('add-roots'), place('state'), ...part], { stdio: 'ignore' }),
  );
  expect(await Promise.all(children.map(ended))).toEqual([0, 0, 0, 0]);
  const kept = await new Registry(place('state')).roots();
  expect(kept.map(({ path }) => path)).toEqual(roots.toSorted());
});

test('a writer killed at any moment leaves a whole registry with all that it had reported, and does not block the next', async () => {
  for (let run = 0; run < 8; run += 1) {
    const roots = numbered(30);
    const state = place(`state-${run}`);
    const child = spawn(process.execPath, [program('add-roots'), state, ...roots], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split('\n').length > 2 + run * 3) child.kill('SIGKILL');
    });
    await ended(child);
    const reported = said.split('\n').slice(0, -1);
    const registry = new Registry(state);
    const kept = (await registry.roots()).map(({ path }) => path);
    expect(reported.length).toBeGreaterThan(0);
    expect(reported.filter((path) => !kept.includes(path))).toEqual([]);
    expect(kept.length).toBeLessThanOrEqual(reported.length + 1);
    makeDirectories(place(), 'one-more');
    await registry.add(place('one-more'), defaultSettings);
    expect(fs.readdirSync(state).toSorted(), 'and the next clears away what it left').toEqual([
      'roots.json',
      'roots.lock',
    ]);
  }
});

test('the registry is private to its user, also where its directory was open before', async () => {
  makeDirectories(place(), 'a', 'state');
  fs.chmodSync(place('state'), 0o755);
  await new Registry(place('state')).add(place('a'), defaultSettings);
  const mode = (file: string): number => fs.statSync(file).mode & 0o777;
  expect([mode(place('state')), mode(place('state/roots.json')), mode(place('state/roots.lock'))]).toEqual([
    0o700, 0o600, 0o600,
  ]);
});

test("a state directory of another user's is refused, and so is a link", async () => {
  makeDirectories(place(), 'a', 'real');
  fs.symlinkSync(place('real'), place('link'));
  expect(await codeOf(new Registry(place('link')).add(place('a'), defaultSettings))).toBe('E_STATE_DIRECTORY');
  if (process.getuid?.() !== 0) return;
  makeDirectories(place(), 'theirs');
  giveToOrdinaryUser(place('theirs'));
  expect(await codeOf(new Registry(place('theirs')).add(place('a'), defaultSettings))).toBe('E_STATE_DIRECTORY');
});

test('an ordinary user has a registry of his own', () => {
  makeDirectories(place(), 'his/a');
  giveToOrdinaryUser(place('his'));
  const [file = '', ...args] = asOrdinaryUser([
    process.execPath,
    program('add-roots'),
    place('his/state'),
    place('his/a'),
  ]);
  expect(execFileSync(file, args, { encoding: 'utf8' })).toBe(`${place('his/a')}\n`);
});

test('a registry that is hurt is said to be, and is not written over', async () => {
  makeDirectories(place(), 'state', 'a');
  for (const text of ['{', '[]', '{"version":1,"roots":[{"path":3}]}', '{"version":2,"roots":[]}']) {
    fs.writeFileSync(place('state/roots.json'), text);
    expect(await codeOf(new Registry(place('state')).add(place('a'), defaultSettings))).toBe('E_STATE_CORRUPT');
    expect(fs.readFileSync(place('state/roots.json'), 'utf8')).toBe(text);
  }
});

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('close', resolve));
}
