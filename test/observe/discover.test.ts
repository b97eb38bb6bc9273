import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MizerError } from '../../src/model/errors.js';
import { discover, type DiscoverOptions, type Found } from '../../src/observe/discover.js';
import { init } from '../../src/observe/init.js';
import { actionFor, readPatterns } from '../../src/observe/patterns.js';
import { elsewhereOf, type Root } from '../../src/observe/registry.js';
import { shadowOf } from '../../src/observe/shadow.js';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.js';
import { freshDirectory, makeDirectories, makeFiles, program } from './places.js';

const place = freshDirectory();

async function find(root: string, text: string, options: Partial<DiscoverOptions> = {}): Promise<Found[]> {
  const found: Found[] = [];
  const all = { patterns: readPatterns(text), shadowOf: () => undefined, ...options };
  for await (const one of discover(root, all)) found.push(one);
  return found;
}

/** As `kind path` a line, the root `.`. */
function told(found: readonly Found[]): string[] {
  return found.map(({ kind, path }) => `${kind} ${path === '' ? '.' : path}`);
}

test('the example of NOE-18 gives its candidates on a real tree', async () => {
  makeDirectories(place(), 'data/foo/below', 'data2/bar/below', 'other/below', '.hidden');
  const found = await find(place(), 'superrepo .\nenter data\nrepo data/*\nsuperrepo data2\nrepo data2/*\nignore *\n');
  expect(told(found)).toEqual([
    'candidate .',
    'ignored .hidden',
    'candidate data/foo',
    'candidate data2',
    'candidate data2/bar',
    'ignored other',
  ]);
});

test('directories come depth first in the order of their bytes, whatever bytes they are', async () => {
  const names = ['a', 'a-b', 'a/x', 'B', 'é', '\u{1f600}', '-rf', 'new\nline'];
  makeDirectories(place(), ...names);
  fs.mkdirSync(Buffer.concat([Buffer.from(`${place()}/`), Buffer.from([0xff])]));
  const found = await find(place(), 'superrepo *\nrepo */*\n');
  expect(found.map(({ path }) => path)).toEqual([
    '-rf',
    'B',
    'a',
    'a/x',
    'a-b',
    'new\nline',
    Buffer.from('é').toString('latin1'),
    Buffer.from('\u{1f600}').toString('latin1'),
    '\u00ff',
  ]);
});

test('files and others are never found, and links are not followed, but a linked root is', async () => {
  makeDirectories(place(), 'real/inner', 'elsewhere/deep');
  makeFiles(place('real'), { file: '' });
  fs.symlinkSync(place('elsewhere'), place('real/link'));
  fs.symlinkSync('.', place('real/inner/loop'));
  fs.symlinkSync(place('real'), place('root'));
  execFileSync('mkfifo', [place('real/fifo')]);
  const patterns = 'superrepo *\nsuperrepo */*\n';
  expect(told(await find(place('real'), patterns))).toEqual(['candidate inner']);
  expect(told(await find(place('root'), patterns))).toEqual(['candidate inner']);
});

test('what is not entered is not looked into', async () => {
  makeDirectories(place(), 'closed/a', 'single/a', 'open/a');
  const found = await find(place(), 'ignore closed\nrepo single\nenter open\nrepo */a\n');
  expect(told(found)).toEqual(['ignored closed', 'candidate open/a', 'candidate single']);
});

test('enabled paths do not open parents that are ignored', async () => {
  makeDirectories(place(), 'closed/wanted', 'open/wanted/1/2/3');
  const patterns = readPatterns('enter open\nignore *\n', ['0 closed/wanted', '2 open/wanted']);
  expect(told(await find(place(), '', { patterns }))).toEqual([
    'ignored closed',
    'candidate open/wanted',
    'candidate open/wanted/1',
    'candidate open/wanted/1/2',
    'ignored open/wanted/1/2/3',
  ]);
});

test('what has a shadow repository is known, whatever the patterns say, and entered as they say', async () => {
  makeDirectories(place('real'), 'ignored/below', 'single/below', 'super/below', '.dot');
  const shadows = place('shadows');
  for (const name of ['ignored', 'single', 'super', '.dot'])
    await init({ realDirectory: place('real', name), shadowRoot: shadows });
  const found = await find(place('real'), 'ignore ignored\nrepo single\nsuperrepo super\nrepo */below\n', {
    shadowOf: (directory) => shadowOf(directory, shadows),
  });
  expect(told(found)).toEqual(['known .dot', 'known ignored', 'known single', 'known super', 'candidate super/below']);
  expect(found[1]?.shadow).toBe(shadowOf(place('real/ignored'), shadows));
});

test('a nested root, also by a link, and the place of shadow repositories are not the business of the root around them', async () => {
  makeDirectories(place(), 'nested/a', 'linked/a', 'shadows/a', 'own');
  fs.symlinkSync(place('linked'), place('own/to-linked'));
  const root = (path: string): Root => ({
    path,
    patterns: '',
    enabledPaths: [],
    initPolicy: '',
    limits: [],
    addedAt: '',
  });
  const roots = [place(), place('nested'), place('own/to-linked'), place('gone')].map(root);
  const outer = await find(place(), 'superrepo *\nsuperrepo */*\n', {
    elsewhere: elsewhereOf(place(), roots, place('shadows')),
  });
  expect(told(outer)).toEqual(['elsewhere linked', 'elsewhere nested', 'candidate own', 'elsewhere shadows']);
  const inner = await find(place('nested'), 'superrepo .\nrepo *\n', {
    elsewhere: elsewhereOf(place('nested'), roots, place('shadows')),
  });
  expect(told(inner)).toEqual(['candidate .', 'candidate a']);
});

test('a directory that cannot be read is told, and the rest goes on', () => {
  makeDirectories(place(), 'a', 'closed/inner', 'z');
  giveToOrdinaryUser(place());
  fs.chmodSync(place('closed'), 0o000);
  const [file = '', ...args] = asOrdinaryUser([process.execPath, program('discover'), place(), 'superrepo *']);
  const found = JSON.parse(execFileSync(file, args, { encoding: 'utf8' })) as Found[];
  expect(told(found)).toEqual(['candidate a', 'candidate closed', 'unreadable closed', 'candidate z']);
  expect(found[2]?.reason).toBe('EACCES');
});

test('a root that is not there is an error with a code', async () => {
  await expect(find(place('gone'), 'repo .\n')).rejects.toSatisfy(
    (error) => error instanceof MizerError && error.code === 'E_ROOT_GONE',
  );
});

const name = fc.constantFrom('a', 'b', '.c', 'ab');
const tree = fc.array(
  fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
  { maxLength: 12 },
);
const line = fc
  .tuple(
    fc.constantFrom('repo', 'superrepo', 'enter', 'ignore'),
    fc.constantFrom('.', '*', 'a', 'a/*', '*/b', '*/*/*', '[ab]*'),
  )
  .map((words) => words.join(' '));

test('a directory is found exactly when all above it are entered, and is what its action says', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(tree, fc.array(line, { maxLength: 6 }), async (paths, lines) => {
      run += 1;
      const root = place(String(run));
      makeDirectories(place(), String(run));
      makeDirectories(root, ...paths);
      const patterns = readPatterns(lines.join('\n'));
      const all = execFileSync('find', ['.', '-type', 'd', '-printf', '%P\\n'], { cwd: root, encoding: 'latin1' });
      const expected = all
        .split('\n')
        .slice(0, -1)
        .filter((path) => parents(path).every((one) => ['enter', 'superrepo'].includes(actionFor(patterns, one))))
        .map((path) => ({ path, action: actionFor(patterns, path) }))
        .filter(({ action }) => action !== 'enter')
        .map(({ path, action }) => `${action === 'ignore' ? 'ignored' : 'candidate'} ${path === '' ? '.' : path}`);
      expect(told(await find(root, '', { patterns })).toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: 40 },
  );
});

function parents(path: string): string[] {
  if (path === '') return [];
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index).join('/'));
}
