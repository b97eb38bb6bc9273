import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MizerError } from '../../src/model/errors.js';
import { fromText } from '../../src/model/tree-path.js';
import { initPolicyFor, readInitPolicy } from '../../src/observe/init-policy.js';
import { limitFor } from '../../src/observe/limits.js';
import { actionFor, readPatterns } from '../../src/observe/patterns.js';
import { decidingRoot, relativeTo } from '../../src/observe/registry.js';

/** The example of NOE-18, with its own blanks. */
const example = `superrepo .
    enter data
     repo data/*
superrepo data2
     repo data2/*
   ignore *
`;

function refusal(work: () => unknown): MizerError {
  try {
    work();
  } catch (error) {
    if (error instanceof MizerError) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
}

test('the example of NOE-18 gives its candidates', () => {
  const patterns = readPatterns(example);
  const actions = ['', 'data', 'data/foo', 'data2', 'data2/bar', 'other'].map((path) => actionFor(patterns, path));
  expect(actions).toEqual(['superrepo', 'enter', 'repo', 'superrepo', 'repo', 'ignore']);
});

test('the first match decides, and no match is ignored', () => {
  const patterns = readPatterns('ignore a\nrepo *\n');
  expect(['a', 'b', 'b/c'].map((path) => actionFor(patterns, path))).toEqual(['ignore', 'repo', 'ignore']);
});

test('the root is entered unless the first line speaks of it', () => {
  expect(actionFor(readPatterns('repo a\nrepo .\n'), '')).toBe('enter');
  expect(actionFor(readPatterns('repo *\n'), ''), 'not by a glob that would match a dot').toBe('enter');
  expect(actionFor(readPatterns('repo .\nenter .\n'), '')).toBe('repo');
  expect(actionFor(readPatterns(''), ''), 'without any line nothing is').toBe('ignore');
});

test('a directory whose name begins with a dot is ignored before any pattern', () => {
  const patterns = readPatterns('repo *\nrepo .cache\nrepo a/.b\nenter *\n', ['3 .cache']);
  expect(['.cache', 'a/.b', '.cache/x/.y'].map((path) => actionFor(patterns, path))).toEqual(Array(3).fill('ignore'));
});

test('enabled paths come before the patterns and reach as many levels as they say', () => {
  const patterns = readPatterns('ignore a\nrepo b\n', ['0 a', '2 deep/er', ' 1  with blank ', '1 .']);
  const answer = (path: string): string => actionFor(patterns, path);
  expect(['a', 'b', '', 'a/x'].map(answer), 'the root and one level below it').toEqual([
    'superrepo',
    'superrepo',
    'superrepo',
    'ignore',
  ]);
  expect(['deep/er', 'deep/er/1', 'deep/er/1/2', 'deep/er/1/2/3'].map(answer)).toEqual([
    'superrepo',
    'superrepo',
    'superrepo',
    'ignore',
  ]);
  expect(answer('with blank/x')).toBe('superrepo');
});

test('an enabled path is a path, not a glob', () => {
  const patterns = readPatterns('ignore *\n', ['1 a*']);
  expect(actionFor(patterns, 'ab')).toBe('ignore');
  expect(actionFor(patterns, 'a*/x')).toBe('superrepo');
});

test.each(['x a', '1', '1 /a', '1 ../a', '-1 a', '1 a//b'])('%j is no enabled path', (text) => {
  expect(refusal(() => readPatterns('', [text])).code).toBe('E_PATTERN_INVALID');
});

test('a bad glob is an error that names its line', () => {
  const error = refusal(() => readPatterns('# comment\n\nrepo a\n  enter [x-]\n'));
  expect(error).toMatchObject({ code: 'E_PATTERN_INVALID', group: 'usage', data: { line: 4, text: 'enter [x-]' } });
  expect(error.message).toContain('Line 4');
});

test.each(['observe a', 'repo', 'repo   ', 'Repo a'])('%j is an error that names its line', (line) => {
  expect(refusal(() => readPatterns(`repo x\n${line}\n`)).data).toMatchObject({ line: 2 });
});

test('lines may end as Windows ends them, and hold any bytes', () => {
  expect(actionFor(readPatterns('repo a\r\nrepo b\r\n'), 'a')).toBe('repo');
  expect(actionFor(readPatterns('repo \u00ff\n'), '\u00ff')).toBe('repo');
});

test('the first line of an init policy that matches decides; no match is ignore-most; no policy is enter-subdirs', () => {
  const policy = readInitPolicy('bundle-subdirs .\nignore-subdirs data2\n enter-subdirs data/*\n');
  const of = (path: string): string => initPolicyFor(policy, path);
  expect(['', 'data2', 'data/x', 'data', 'data/x/y'].map(of)).toEqual([
    'bundle-subdirs',
    'ignore-subdirs',
    'enter-subdirs',
    'ignore-most',
    'ignore-most',
  ]);
  expect(initPolicyFor(readInitPolicy(''), 'x')).toBe('enter-subdirs');
});

test('an init policy of one word is for all paths', () => {
  expect(initPolicyFor(readInitPolicy(' bundle-subdirs\n'), 'a/b')).toBe('bundle-subdirs');
  expect(refusal(() => readInitPolicy('bundle-all *')).message).toContain('enter-subdirs');
});

test('of several limits that with the longest prefix decides, by whole names', () => {
  const limits = [
    { prefix: '', entries: 1 },
    { prefix: 'a/b', entries: 3 },
    { prefix: 'a', entries: 2 },
    { prefix: 'é' },
  ];
  const of = (path: string): string | undefined => limitFor(limits, path)?.prefix;
  expect(['', 'x', 'a', 'a/b/c', 'a/bc', fromText('é/x')].map(of)).toEqual(['', '', 'a', 'a/b', 'a', 'é']);
  expect(limitFor([{ prefix: 'a' }], 'b')).toBeUndefined();
});

const names = fc.array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 5 });

test('of several roots that contain a path the longest decides', () => {
  fc.assert(
    fc.property(fc.array(names), names, (roots, place) => {
      const path = `/${place.join('/')}`;
      const containing = roots.filter((root) => root.every((name, index) => place[index] === name));
      const longest = containing.toSorted((a, b) => b.length - a.length)[0];
      const chosen = decidingRoot(
        roots.map((root) => `/${root.join('/')}`),
        path,
      );
      expect(chosen).toBe(longest === undefined ? undefined : `/${longest.join('/')}`);
      if (chosen !== undefined) expect(relativeTo(chosen, path)).toBe(place.slice(longest?.length).join('/'));
    }),
  );
});
