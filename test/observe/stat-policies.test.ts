import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BundlePatterns } from '../../src/observe/bundle-patterns.js';
import { applyStub, reinit } from '../../src/observe/reinit.js';
import type { Shadow } from '../../src/observe/shadow.js';
import { stat } from '../../src/observe/stat.js';
import { status } from '../../src/observe/status.js';
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
import { makeDirectories, makeFiles } from './places.js';

const { real, init } = observedWorld();

function fill(): void {
  makeFiles(real(), { 'README.md': '1', 'README.txt': '2', file: '3', 'a/README.md': '4', 'a/b/c': '55', 'd/e': '6' });
  makeDirectories(real(), 'empty');
  fs.symlinkSync('a', real('link'));
}

const expected = {
  'enter-subdirs': [
    '.nogtree',
    'README.md',
    'README.txt',
    'a/.nogtree',
    'a/README.md',
    'a/b/.nogtree',
    'a/b/c',
    'd/.nogtree',
    'd/e',
    'file',
    'link',
  ],
  'ignore-subdirs': ['.nogtree', 'README.md', 'README.txt', 'file', 'link'],
  'bundle-subdirs': ['.nogtree', 'README.md', 'README.txt', 'a', 'd', 'empty', 'file', 'link'],
  'ignore-most': ['.nogtree', 'README.md', 'README.txt'],
} as const;
const policies = ['enter-subdirs', 'ignore-subdirs', 'bundle-subdirs', 'ignore-most'] as const;

test.each(policies)('%s tracks what it says, and counts everything', async (policy) => {
  fill();
  const shadow = await init({ policy });
  await stat(shadow);
  expect(tracked(shadow)).toEqual(expected[policy]);
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
  if (policy !== 'bundle-subdirs') return;
  for (const bundle of ['a', 'd', 'empty']) {
    expect(totalsIn(recordOf(shadow, bundle))).toEqual(foundByFindAndDu(real(bundle)));
  }
});

test('after any change of policy the next stat leaves exactly what the new one tracks', async () => {
  fill();
  const shadow = await init();
  await stat(shadow);
  for (const policy of [...policies, ...policies.toReversed(), 'ignore-most', 'enter-subdirs'] as const) {
    await reinit(shadow, policy);
    await stat(shadow);
    expect([policy, tracked(shadow)]).toEqual([policy, expected[policy]]);
  }
  expect(git(shadow, 'fsck', '--strict', '--no-dangling')).toBe('');
}, 60_000);

test('a change of policy is a commit of the stub, and a merge with two parents on every other branch', async () => {
  fill();
  const shadow = await init();
  await stat(shadow);
  const before = tracked(shadow);
  const { commit, applied } = await reinit(shadow, 'bundle-subdirs');
  expect(git(shadow, 'log', '-1', '--format=%H %s', 'master-stub')).toBe(`${commit} switch to bundle-subdirs\n`);
  expect(applied.map(({ branch }) => branch)).toEqual(['master-stat', 'master-sha', 'master-content']);
  for (const { branch, commit: merge } of applied) {
    expect(git(shadow, 'rev-parse', branch).trim()).toBe(merge);
    expect(git(shadow, 'log', '-1', '--format=%P', branch).trim().split(' ')[1]).toBe(commit);
    expect(git(shadow, 'log', '-1', '--format=%s', branch)).toMatch(/^Merge stub into (?:stat|sha|content) \d{4}-/);
    expect(recordOf(shadow, '.nogbundles', branch)).toBe('/*/\n');
  }
  expect(tracked(shadow)).toEqual(before);
  expect(fs.readFileSync(`${shadow.path}/.gitattributes`, 'utf8')).toBe('/*/ nogbundle\n');
  expect(git(shadow, 'status', '--porcelain')).toBe('');
  expect(await reinit(shadow, 'bundle-subdirs')).toEqual({ applied: [] });
});

/** Changes the stub as an administrator would. */
function editStub(shadow: Shadow, files: Readonly<Record<string, string>>): void {
  makeFiles(shadow.path, files);
  git(shadow, 'add', '-A');
  git(shadow, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'rules');
}

test('rules edited by hand are taken over once they are committed', async () => {
  makeFiles(real(), { 'a.tmp': '1', 'a.dat': '2', 'data/x-data/f': '3', 'data/other/g': '4', 'data/h': '5' });
  const shadow = await init();
  makeFiles(shadow.path, { '.gitignore': '*.tmp\n' });
  await expect(applyStub(shadow)).rejects.toMatchObject({ code: 'E_STUB_UNCOMMITTED' });
  editStub(shadow, {
    '.gitignore': '*.tmp\n/data/**\n',
    '.nogbundles': '# candidates\n /data/ \n/data/*/\n',
    '.gitattributes': '/data/*-data/ nogbundle\n',
  });
  expect(await applyStub(shadow)).toHaveLength(3);
  expect(await applyStub(shadow)).toEqual([]);
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'a.dat', 'data/.nogtree', 'data/x-data']);
  expect(totalsIn(recordOf(shadow, 'data/.nogtree'))).toEqual(foundByFindAndDu(real('data')));
});

test('where a directory and one in it qualify as bundles the deepest wins', async () => {
  makeFiles(real(), { 'a/b/c': '1', 'a/d': '2', 'e/f': '3' });
  const shadow = await init();
  editStub(shadow, { '.gitignore': '/*/\n', '.nogbundles': '*\na/*\n', '.gitattributes': '*/ nogbundle\n' });
  await applyStub(shadow);
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'a/.nogtree', 'a/b', 'e']);
});

test('an attribute that is not set, or set to something, makes no bundle; a directory is entered only if it matched', async () => {
  makeFiles(real(), { 'no/x': '1', 'unset/x': '1', 'value/x': '1', 'not-matched/in/x': '1' });
  const shadow = await init();
  editStub(shadow, {
    '.gitignore': '/*/\n',
    '.nogbundles': '/no/\n/unset/\n/value/\n/not-matched/in/\n',
    '.gitattributes': '* nogbundle\nunset/ -nogbundle\nvalue/ nogbundle=1\nno/ !nogbundle\n',
  });
  await applyStub(shadow);
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree']);
});

test('a change deep inside a bundle is seen', async () => {
  makeFiles(real(), { 'a/b/c/d': '1' });
  const shadow = await init({ policy: 'bundle-subdirs' });
  await stat(shadow);
  fs.appendFileSync(real('a/b/c/d'), '234');
  expect((await stat(shadow)).unchanged).toBe(false);
  expect(fields(recordOf(shadow, 'a'))['size']).toBe('4');
});

test('a nested repository is one record, with its commit once it has one; a bundle wins over it', async () => {
  const commit = makeRepository(real('sub/repo'));
  execFileSync('git', ['init', '-q', real('unborn')]);
  makeFiles(real(), { 'unborn/x': '1', 'no-repo/.git/x': '1', 'no-repo/y': '1' });
  const shadow = await init();
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'no-repo/.nogtree', 'no-repo/y', 'sub/.nogtree', 'sub/repo', 'unborn']);
  expect(recordOf(shadow, 'sub/repo')).toMatch(new RegExp(`^name: "repo"\n[^]*size: \\d+\nsubmodule: "${commit}"\n$`));
  expect(totalsIn(recordOf(shadow, 'sub/repo'))).toEqual(foundByFindAndDu(real('sub/repo')));
  expect(recordOf(shadow, 'unborn')).not.toContain('submodule');
  expect(totalsIn(recordOf(shadow, 'unborn'))).toEqual(foundByFindAndDu(real('unborn')));

  execFileSync('git', ['pack-refs', '--all'], { cwd: real('sub/repo') });
  await stat(shadow);
  expect(recordOf(shadow, 'sub/repo')).toContain(`submodule: "${commit}"`);
  execFileSync('git', ['checkout', '-q', '--detach'], { cwd: real('sub/repo') });
  await stat(shadow);
  expect(recordOf(shadow, 'sub/repo')).toContain(`submodule: "${commit}"`);
  await reinit(shadow, 'bundle-subdirs');
  makeRepository(real('unborn'));
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'no-repo', 'sub', 'unborn']);
  expect(recordOf(shadow, 'unborn')).not.toContain('submodule');
}, 30_000);

test('a pattern of .nogbundles matches what the original makes of it', () => {
  const part = fc.constantFrom('a', 'b', '*', '**', '?', '.', 'a*', '[a]', '^', '$', '/', '/', 'ab', '.*', '+');
  const paths = ['a', 'b', 'ab', 'a/b', 'a/b/a', '.', 'a.', 'b/ab', '[a]', '^', '$', 'a/b/c/d', '+', 'aa'];
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const pattern = parts.join('');
      fc.pre(!/\*{3}/.test(pattern));
      // The same as a regular expression of grep.
      const bare = pattern.replace(/^\//, '').replace(/\/$/, '');
      const regex = bare
        .replace(/[[.^$]/g, '\\$&')
        .replaceAll('**', '\u0001')
        .replace(/\*/g, '[^/]*')
        .replaceAll('?', '.')
        .replaceAll('\u0001', '.*');
      const patterns = new BundlePatterns(`  ${pattern} \n`);
      const { stdout } = runGrep(regex, paths);
      expect(paths.filter((one) => patterns.matches(one))).toEqual(stdout);
    }),
    { numRuns: 60 },
  );
});

function runGrep(regex: string, paths: readonly string[]): { readonly stdout: readonly string[] } {
  try {
    const text = execFileSync('grep', ['-x', '-e', regex], { input: paths.join('\n'), encoding: 'utf8' });
    return { stdout: text.split('\n').slice(0, -1) };
  } catch {
    return { stdout: [] };
  }
}

test('status tells what a stat would change, and writes nothing', async () => {
  makeFiles(real(), { 'a/same': '1', 'a/changed': '1', 'gone/x/y': '1', file: '1', 'was-dir/in': '1' });
  const shadow = await init();
  expect((await status(shadow)).changes.map(({ path, change }) => `${change} ${path}`)).toEqual([
    'new a/changed',
    'new a/same',
    'new gone/x/y',
    'new was-dir/in',
    'new file',
    'new ',
  ]);
  await stat(shadow);
  expect((await status(shadow)).changes).toEqual([]);
  const objects = git(shadow, 'count-objects', '-v');
  fs.appendFileSync(real('a/changed'), '2');
  fs.utimesSync(real('a'), 5, 5);
  fs.rmSync(real('gone'), { recursive: true });
  fs.rmSync(real('was-dir'), { recursive: true });
  fs.writeFileSync(real('was-dir'), '');
  fs.rmSync(real('file'));
  makeFiles(real(), { 'file/now': '1' });
  const { changes } = await status(shadow);
  expect(changes.map(({ path, change, isDirectory }) => `${change} ${path}${isDirectory ? '/' : ''}`).sort()).toEqual([
    'deleted file',
    'deleted gone/x/y',
    'deleted was-dir/in',
    'modified /',
    'modified a/',
    'modified a/changed',
    'new file/now',
    'new was-dir',
  ]);
  expect(git(shadow, 'count-objects', '-v')).toBe(objects);
  await stat(shadow);
  expect((await status(shadow)).changes).toEqual([]);
});
