import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonString, parseJsonString } from '../../src/observe/blob-name.js';
import { formatRecord, parseRecord, type BlobRecord, type Totals } from '../../src/observe/blob.js';
import { stubOf, switchedStub } from '../../src/observe/policy.js';
import { fromText, toText } from '../../src/model/tree-path.js';

const totals: Totals = { dirs: 307, files: 350, links: 0, others: 0, size: 337_387_393_538n };
const commit = '460621bc552cb53c75ac9e86d37fccf5ced88127';

test.each<readonly [string, BlobRecord, string]>([
  ['a file', { kind: 'file', name: 'a.dat', size: 7n, mtime: -2 }, 'name: "a.dat"\nsize: 7\nmtime: -2\n'],
  [
    'a directory',
    { kind: 'directory', name: 'd', mtime: 5, totals: { dirs: 1, files: 2, links: 3, others: 4, size: 5n } },
    'name: "d"\nmtime: 5\ndirs: 1\nfiles: 2\nlinks: 3\nothers: 4\nsize: 5\n',
  ],
  ['a directory without totals', { kind: 'directory', name: 'd', mtime: 5 }, 'name: "d"\nmtime: 5\n'],
  [
    'a bundle',
    { kind: 'bundle', name: '2017', mtime: 1_429_250_263, totals },
    'name: "2017"\nmtime: 1429250263\ndirs: 307\nfiles: 350\nlinks: 0\nothers: 0\nsize: 337387393538\n',
  ],
  [
    'a nested repository',
    { kind: 'submodule', name: '2017', mtime: 1_429_250_263, totals, commit },
    `name: "2017"\nmtime: 1429250263\ndirs: 307\nfiles: 350\nlinks: 0\nothers: 0\nsize: 337387393538\nsubmodule: "${commit}"\n`,
  ],
  [
    'the root',
    {
      kind: 'root',
      mtime: 9,
      totals: { dirs: 1, files: 0, links: 0, others: 0, size: 0n },
      mtimeMin: -4,
      mtimeMax: 9,
      attrs: 'i',
    },
    'name: "root"\nmtime: 9\ndirs: 1\nfiles: 0\nlinks: 0\nothers: 0\nsize: 0\nmtime_min: -4\nmtime_max: 9\nattrs: "i"\n',
  ],
  [
    'the root of a repository',
    {
      kind: 'root',
      mtime: 9,
      totals: { dirs: 51, files: 51, links: 0, others: 0, size: 203_073_009_234n },
      mtimeMin: 1,
      mtimeMax: 9,
      attrs: '',
      git: { head: commit, mtime: 8, totals: { dirs: 41, files: 41, links: 0, others: 0, size: 116_072_009_234n } },
    },
    `name: "root"\nmtime: 9\ndirs: 51\nfiles: 51\nlinks: 0\nothers: 0\nsize: 203073009234\nmtime_min: 1\nmtime_max: 9\nattrs: ""\ngit: "${commit}"\ngit_mtime: 8\ngit_dirs: 41\ngit_files: 41\ngit_links: 0\ngit_others: 0\ngit_size: 116072009234\n`,
  ],
  [
    'a file on master-sha',
    { kind: 'sha', name: 'e', size: 0n, sha1: 'a'.repeat(40), sha256: 'b'.repeat(64) },
    `name: "e"\nsize: 0\nsha1: "${'a'.repeat(40)}"\nsha256: "${'b'.repeat(64)}"\n`,
  ],
  ['a directory on master-sha', { kind: 'name', name: 'd' }, 'name: "d"\n'],
])('%s is written to the byte, and read again', (_, record, text) => {
  expect(formatRecord(record)).toBe(text);
  const place = record.kind === 'directory' || record.kind === 'root' ? 'nogtree' : 'path';
  expect(parseRecord(Buffer.from(text, 'latin1'), place)).toEqual(record);
});

test('what is no record is told so, and lines of others are passed over', () => {
  expect(parseRecord(Buffer.from('*.tmp\n'), 'path')).toBeUndefined();
  expect(parseRecord(Buffer.from('name: broken\nsize: 1\nmtime: 1\n'), 'path')).toBeUndefined();
  expect(parseRecord(Buffer.from('name: "a"\nsize: 1\nmtime: 1\ncolour: "red"\n'), 'path')).toEqual({
    kind: 'file',
    name: 'a',
    size: 1n,
    mtime: 1,
  });
});

const anyName = fc
  .oneof(
    fc
      .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 255 })
      .map((bytes) => String.fromCharCode(...bytes)),
    fc.string({ unit: 'grapheme', minLength: 1 }).map(fromText),
    fc.constantFrom(
      '-rf',
      'a\nb',
      '\\u0080',
      '\\',
      '"',
      '\u007f',
      fromText('\u0080\u00ff'),
      '\u00ed\u00a0\u0080',
      '\u00c0\u00af',
      '\u00f5',
    ),
  )
  .filter((name) => !name.includes('/') && !name.includes('\0'));

test('every name that a file system allows comes back from its record', () => {
  fc.assert(
    fc.property(anyName, fc.bigInt({ min: 0n, max: 2n ** 63n }), fc.integer(), (name, size, mtime) => {
      const record: BlobRecord = { kind: 'file', name, size, mtime };
      const text = formatRecord(record);
      expect(text.split('\n')).toHaveLength(4);
      expect(parseRecord(Buffer.from(text, 'latin1'), 'path')).toEqual(record);
    }),
    { numRuns: 3000 },
  );
});

test('a name of characters is the JSON string that any reader takes for it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed());
      const written = Buffer.from(jsonString(fromText(text)), 'latin1').toString('utf8');
      expect(JSON.parse(written)).toBe(text);
      // Besides DEL, which YAML does not take as it is, what JSON has of its own.
      expect(written.replaceAll('\\u007f', '\u007f')).toBe(JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
});

test('a string that another writer escaped differently is read all the same', () => {
  expect(parseJsonString('"\\u0061\\/\\t"')).toBe('a/\t');
  expect(parseJsonString('"\\ud83d\\ude00"')).toBe(fromText('\u{1f600}'));
  expect(parseJsonString('"\\x"')).toBeUndefined();
  expect(parseJsonString('plain')).toBeUndefined();
});

test('the stubs of the policies are those of the design, a switch writes empty files too', () => {
  expect(stubOf('enter-subdirs')).toEqual({ '.gitignore': '' });
  expect(stubOf('ignore-subdirs')).toEqual({ '.gitignore': '/*/\n' });
  expect(stubOf('bundle-subdirs')).toEqual({
    '.gitignore': '/*/\n',
    '.gitattributes': '/*/ nogbundle\n',
    '.nogbundles': '/*/\n',
  });
  expect(stubOf('ignore-most')).toEqual({
    '.gitignore': '*\n!.gitignore\n!.gitattributes\n!.nogbundles\n!README.md\n!README.txt\n',
  });
  expect(switchedStub('enter-subdirs')).toEqual({ '.gitignore': '', '.gitattributes': '', '.nogbundles': '' });
});

const python = spawnSync('python3', ['-c', 'import yaml']).status === 0;
/** What YAML 1.1 forbids though 1.2 and JSON allow it: the original writes it as it is. */
const newer = /[\u0080-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;
test.runIf(python)('a record is YAML, of any name', () => {
  const recordOf = (name: string): string => formatRecord({ kind: 'file', name, size: 1n, mtime: 2 });
  const names = fc.sample(anyName, 300).filter((name) => !newer.test(toText(recordOf(name)) ?? ''));
  const input = names.map(recordOf).join('---\n');
  const check =
    'import sys, yaml, json; print(json.dumps([one["name"] for one in yaml.safe_load_all(sys.stdin.buffer.read())]))';
  const { stdout, stderr } = spawnSync('python3', ['-c', check], {
    input: Buffer.from(input, 'latin1'),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const read = JSON.parse(stdout) as string[];
  expect(read).toHaveLength(names.length);
  names.forEach((name, index) => expect(toText(name) ?? read[index]).toBe(read[index]));
});
