import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AttributeRules } from '../../src/git/attribute-rules.js';
import { IgnoreRules } from '../../src/git/ignore-rules.js';

const environment = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
};
const names = ['a', 'b', 'ab', 'a.c', 'foo', '.hid', 'a b', 'x-y', '[a]', 'a\\', '!n', '#h', 'A1', 'd'];
let directory = '';
let paths: { readonly path: string; readonly isDirectory: boolean }[] = [];

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-rules-'));
  execFileSync('git', ['init', '-q', directory], { env: environment });
  for (const one of names) {
    fs.mkdirSync(path.join(directory, `${one}.d`, one, 'deep'), { recursive: true });
    for (const at of [one, `${one}.d/f-${one}`, `${one}.d/${one}/a`, `${one}.d/${one}/deep/foo`]) {
      fs.writeFileSync(path.join(directory, at), '');
    }
  }
  paths = fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => ({
      path: path.relative(directory, path.join(entry.parentPath, entry.name)),
      isDirectory: entry.isDirectory(),
    }))
    .filter((entry) => !entry.path.startsWith('.git'));
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

const part = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom(
    '*',
    '**',
    '***',
    '?',
    '*.d',
    'f-*',
    '[ab]',
    '[!a]',
    '[^a-c]',
    '[[:alpha:]]',
    '[[:punct:]]*',
    '[]a]',
    '[a-]',
    '[',
    '[a',
  ),
  fc.constantFrom(
    '\\a',
    '\\*',
    'a\\',
    '\\',
    'a\\ ',
    'a*b',
    '*a*',
    '[\\]a]',
    '[[:nope:]]',
    '[a-\\c]',
    '[[:digit:]a]',
    'deep',
    '*[.]d',
  ),
);
const glob = fc
  .tuple(
    fc.constantFrom('', '', '!', '/', '!/'),
    fc.array(part, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/', ' ', '/**', '\r'),
  )
  .map(([before, parts, after]) => before + parts.join('/') + after);
const rubbish = fc.string({ unit: fc.constantFrom(...'ab*?[]!^-\\/#. d'), maxLength: 12 });
const lines = fc.array(fc.oneof({ weight: 3, arbitrary: glob }, rubbish), { maxLength: 6 });

/** What git says is ignored, asked about entries that are there, so that it knows what they are. */
function ignoredByGit(): Set<string> {
  const input = paths.map((entry) => `${entry.path}\0`).join('');
  const { stdout } = spawnSync('git', ['check-ignore', '--no-index', '-z', '--stdin'], {
    cwd: directory,
    input,
    env: environment,
  });
  return new Set(stdout.toString().split('\0').slice(0, -1));
}

function isIgnored(rules: IgnoreRules, at: string, isDirectory: boolean): boolean {
  const parent = path.dirname(at);
  if (parent !== '.' && isIgnored(rules, parent, true)) return true;
  return rules.decides(at, isDirectory) === true;
}

test('what is ignored is what git says', () => {
  fc.assert(
    fc.property(lines, (patterns) => {
      const text = patterns.join('\n');
      fs.writeFileSync(path.join(directory, '.git/info/exclude'), text);
      const rules = new IgnoreRules(text);
      const ours = paths.filter((entry) => isIgnored(rules, entry.path, entry.isDirectory)).map((entry) => entry.path);
      expect(ours.sort()).toEqual([...ignoredByGit()].sort());
    }),
    { numRuns: 400 },
  );
});

test('the rules of the policies mean what git means by them', () => {
  const top = new IgnoreRules('/*/\n');
  expect([top.decides('a', true), top.decides('a', false), top.decides('a/b', true)]).toEqual([
    true,
    undefined,
    undefined,
  ]);
  const most = new IgnoreRules('*\n!README.md\n');
  expect([most.decides('README.md', false), most.decides('x', false)]).toEqual([false, true]);
});

const attributeWord = fc.constantFrom(
  'nogbundle',
  '-nogbundle',
  '!nogbundle',
  'nogbundle=x',
  'other',
  'mac',
  '-mac',
  '!mac',
  'bad name',
  '-',
  '=',
);
const attributeLine = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.oneof(glob, fc.constantFrom('"a b"', '"\\141"', '"a', '*')), fc.array(attributeWord, { maxLength: 3 }))
      .map(([pattern, words]) => [pattern, ...words].join(' ')),
  },
  fc.array(attributeWord, { maxLength: 3 }).map((words) => ['[attr]mac', ...words].join(' ')),
  fc.constantFrom('# comment', '', '   ', '[attr]', '[attr] mac nogbundle', '\t* nogbundle'),
);

test('the attribute of a directory is what git says', () => {
  const directories = paths.filter((entry) => entry.isDirectory).map((entry) => `${entry.path}/`);
  const input = directories.map((one) => `${one}\0`).join('');
  fc.assert(
    fc.property(fc.array(attributeLine, { maxLength: 5 }), (list) => {
      const text = list.join('\n');
      fs.writeFileSync(path.join(directory, '.git/info/attributes'), text);
      const { stdout } = spawnSync('git', ['check-attr', '--stdin', '-z', 'nogbundle'], {
        cwd: directory,
        input,
        env: environment,
      });
      const fields = stdout.toString().split('\0');
      const rules = new AttributeRules(text);
      directories.forEach((one, index) => {
        const value = rules.value(one, 'nogbundle');
        const word = value === true ? 'set' : value === false ? 'unset' : (value ?? 'unspecified');
        expect([one, word]).toEqual([one, fields[3 * index + 2]]);
      });
    }),
    { numRuns: 400 },
  );
});
