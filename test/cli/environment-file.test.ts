import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEnvironment, readEnvironment } from '../../src/cli/session/environment-file.js';

const parse = (text: string): Record<string, string> => parseEnvironment(text, 'x.env');

test('comments, empty lines, export and both kinds of quotes are understood', () => {
  const text = `# a comment
A=1
export B = two words   # and a comment

C='lit $A \\n # kept'
D="line\\nnext \\"q\\" \\\\ $A"
E=
F=a#b
A=2`;
  expect(parse(text)).toEqual({
    A: '2',
    B: 'two words',
    C: 'lit $A \\n # kept',
    D: 'line\nnext "q" \\ $A',
    E: '',
    F: 'a#b',
  });
});

test('every value that a double-quoted line can hold comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((text) => !/[\0\n]/.test(text)),
      (value) => {
        const quoted = value.replace(/["\\]/g, '\\$&');
        expect(parse(`KEY="${quoted}"`)).toEqual({ KEY: value });
      },
    ),
    { examples: [['a\u2028b'], ['\u2029'], ['\r']] },
  );
});

test('plain and single-quoted lines mean what a shell makes of them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mizer-env-'));
  const file = join(directory, 'x.env');
  writeFileSync(file, "A=plain\nB='single # quoted'\nexport C=exported\n# comment\nD=a#b\nE=x # comment\n");
  const { stdout } = spawnSync('sh', ['-c', `set -a; . "$1"; printf '%s|' "$A" "$B" "$C" "$D" "$E"`, 'sh', file], {
    encoding: 'utf8',
  });
  expect(`${Object.values(readEnvironment(file)).join('|')}|`).toBe(stdout);
  rmSync(directory, { recursive: true });
});

test.each([
  ['A=1\nnonsense\n', 2],
  ['1A=x', 1],
  ['\n\nA="open', 3],
  ["A='x' y", 1],
])('a faulty line is named: %j', (text, line) => {
  expect(() => parse(text)).toThrowError(
    expect.objectContaining({ code: 'E_ENV_FILE', group: 'usage', data: { file: 'x.env', line } }),
  );
});

test('a file that cannot be read is a refusal, not a defect', () => {
  expect(() => readEnvironment('/nonexistent/x.env')).toThrowError(
    expect.objectContaining({ code: 'E_ENV_FILE', message: expect.stringContaining('ENOENT') }),
  );
});
