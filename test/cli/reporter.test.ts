import { describe, expect, test } from 'vitest';
import { applyText } from '../../src/cli/reporter/apply.js';
import { contextTable } from '../../src/cli/reporter/contexts.js';
import { errorText, exitStatusOf } from '../../src/cli/reporter/error.js';
import { age, shellWord, size } from '../../src/cli/reporter/human.js';
import { jsonError, jsonPath } from '../../src/cli/reporter/json.js';
import { findingList } from '../../src/cli/reporter/machine.js';
import { progressLine, progressText } from '../../src/cli/reporter/progress.js';
import { arrange } from '../../src/cli/reporter/snapshots.js';
import { coloured, plain, styleFor } from '../../src/cli/reporter/style.js';
import { table } from '../../src/cli/reporter/table.js';
import { MizerError } from '../../src/model/errors.js';
import { fromText } from '../../src/model/tree-path.js';
import type { ContextInfo, SnapshotInfo } from '../../src/protocol/messages.js';

// oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
const withoutColours = (text: string): string => text.replace(/\u001b\[\d+m/g, '');

describe('sizes and ages', () => {
  test.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1.0K'],
    [123_456, '121K'],
    [9.94 * 2 ** 20, '9.9M'],
    [9.96 * 2 ** 20, '10M'],
    [1023.6 * 2 ** 10, '1.0M'],
    [3 * 2 ** 40, '3.0T'],
  ])('%d bytes are %s', (bytes, text) => expect(size(bytes)).toBe(text));

  test('a size never takes more than five characters', () => {
    for (let bytes = 1; bytes < 2 ** 50; bytes = Math.ceil(bytes * 1.01))
      expect(size(bytes).length).toBeLessThanOrEqual(5);
  });

  test.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [3 * 3600 + 59, '3h'],
    [6 * 86_400, '6d'],
    [8 * 86_400, '1w'],
    [800 * 86_400, '2y'],
  ])('%d seconds ago is %s', (seconds, text) => expect(age(0, seconds * 1000)).toBe(text));

  test('a clock that went back shows no negative age', () => expect(age(5000, 0)).toBe('0s'));
});

describe('colours', () => {
  test('only on a terminal, never with NO_COLOR, always with FORCE_COLOR', () => {
    expect(styleFor(true, {})).toBe(coloured);
    expect(styleFor(false, {})).toBe(plain);
    expect(styleFor(true, { NO_COLOR: '1' })).toBe(plain);
    expect(styleFor(true, { NO_COLOR: '' })).toBe(coloured);
    expect(styleFor(false, { FORCE_COLOR: '1' })).toBe(coloured);
    expect(styleFor(true, { FORCE_COLOR: '0' })).toBe(plain);
    expect(styleFor(true, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(plain);
    expect(styleFor(true, { TERM: 'dumb' })).toBe(plain);
  });
});

describe('tables', () => {
  const info = (name: string, more: Partial<ContextInfo> = {}): ContextInfo => ({
    name,
    hidden: false,
    live: false,
    createdAt: '2026-01-01T00:00:00Z',
    bytes: 0,
    sessions: 0,
    processes: 0,
    paused: false,
    current: false,
    ...more,
  });
  const now = Date.parse('2026-01-01T03:00:00Z');

  test('columns are aligned and colours change nothing but colours', () => {
    const contexts = [
      info('a', { branch: 'f/x', base: 's1', current: true }),
      info('longer-name', { live: true, bytes: 5e6 }),
    ];
    const text = contextTable(contexts, now, plain);
    expect(text).toBe(
      [
        '  NAME         BRANCH  BASE       AGE  SIZE  SESSIONS  PROCESSES  STATE',
        '* a            f/x     s1          3h    0B         0          0',
        '  longer-name  -       host view   3h  4.8M         0          0  live',
        '',
      ].join('\n'),
    );
    expect(withoutColours(contextTable(contexts, now, coloured))).toBe(text);
  });

  test('what a branch is called cannot drive the terminal', () => {
    expect(contextTable([info('a', { branch: 'x\u001b]0;owned\u0007' })], now, plain)).not.toContain('\u001b');
  });

  test('a table without rows is its titles', () => {
    expect(table([], [{ title: 'A', text: () => '' }], plain)).toBe('A\n');
  });

  test('snapshots stand above those made upon them, and only forks indent', () => {
    const snapshot = (id: string, below?: string): SnapshotInfo => ({
      id,
      createdAt: `2026-01-0${id.slice(1)}T00:00:00Z`,
      entries: 1,
      bytes: 1,
      promoted: false,
      ...(below === undefined ? {} : { below }),
    });
    const placed = arrange([
      snapshot('s5', 'gone'),
      snapshot('s4', 's3'),
      snapshot('s3', 's1'),
      snapshot('s2', 's1'),
      snapshot('s1'),
    ]);
    expect(placed.map(({ branch, snapshot: { id } }) => branch + id)).toEqual(['s1', '├ s2', '└ s3', '  s4', 's5']);
  });
});

describe('errors', () => {
  const error = new MizerError('E_X', 'It is\u001b[2J so.', { hint: 'Type mzr y.', data: { a: 1 } });

  test('a person gets sentence, code and hint, and no control characters', () => {
    expect(errorText(error, plain)).toBe('mzr: It is?[2J so. [E_X]\nhint: Type mzr y.\n');
  });

  test('a defect shows its stack and where to report it', () => {
    const text = errorText(new TypeError('broken'), plain);
    expect(text).toContain('TypeError: broken\n    at ');
    expect(text).toContain('report');
  });

  test('a program gets the same four keys always', () => {
    expect(jsonError(error)).toEqual({
      error: { code: 'E_X', message: error.message, hint: 'Type mzr y.', data: { a: 1 } },
    });
    expect(jsonError(new MizerError('E_Y', 'No.'))).toEqual({
      error: { code: 'E_Y', message: 'No.', hint: null, data: {} },
    });
    expect(jsonError(new Error('no'))).toMatchObject({ error: { code: 'E_INTERNAL', message: 'no', hint: null } });
  });

  test('the status tells the kind: 2 usage, 3 refused or failed, 126 and 127 for the command', () => {
    const of = (code: string, group: 'usage' | 'refused' | 'failed'): number =>
      exitStatusOf(new MizerError(code, '', { group }));
    expect(of('E_USAGE', 'usage')).toBe(2);
    expect(of('E_CONTEXT_UNKNOWN', 'refused')).toBe(3);
    expect(of('E_DAEMON_START', 'failed')).toBe(3);
    expect(exitStatusOf(new Error('x'))).toBe(3);
    expect(of('E_COMMAND_NOT_FOUND', 'refused')).toBe(127);
    expect(of('E_COMMAND_NOT_EXECUTABLE', 'failed')).toBe(126);
  });
});

test('a path in a document is text where it is UTF-8, else its bytes', () => {
  expect(jsonPath(fromText('é'))).toBe('é');
  expect(jsonPath('a\u00ff')).toEqual({ bytes: Buffer.from([0x61, 0xff]).toString('base64') });
});

test('a word is quoted as a shell reads it', () => {
  expect(shellWord('a b')).toBe("'a b'");
  expect(shellWord("it's")).toBe(`'it'\\''s'`);
  expect(shellWord('')).toBe("''");
  expect(shellWord('--x=./y')).toBe('--x=./y');
});

test('progress is silent for 300 ms, then one line that is taken away again', () => {
  let time = 0;
  const written: string[] = [];
  const line = progressLine(
    (text) => written.push(text),
    () => time,
  );
  for (time = 0; time < 300; time += 20) line.report({ phase: 'copy', done: time, total: 1000 });
  line.clear();
  expect(written).toEqual([]);
  for (; time < 800; time += 20) line.report({ phase: 'copy', done: time, total: 1000 });
  line.clear();
  line.clear();
  expect(written.length).toBeGreaterThan(3);
  expect(written.length).toBeLessThan(9);
  expect(written.filter((text) => text === '\r\u001b[K')).toHaveLength(1);
});

test('progress of unknown length counts, of known length tells its share', () => {
  expect(progressText({ phase: 'walk', done: 12_345, total: 0 })).toBe('walk: 12,345');
  expect(progressText({ phase: 'copy', done: 1, total: 3 })).toBe('copy: 33% (1/3)');
  expect(progressText({ phase: 'copy', done: 4, total: 3 })).toBe('copy: 100% (4/3)');
});

test('conflicts are listed and say that nothing was written', () => {
  const asked = { context: 'c', into: undefined, dryRun: false, merge: false };
  const text = applyText(
    asked,
    { written: [], merged: [], same: 0, conflicts: [{ path: 'a', reason: 'both-changed' }] },
    plain,
  );
  expect(text).toContain('C\ta  changed on both sides\n1 conflict between c and the host view; nothing was written.');
  expect(text).toContain('--merge');
});

test('a finding that is not well has its fix below it', () => {
  const text = findingList(
    [
      { id: 'git', level: 'ok', sentence: 'git 2.39 is there.' },
      { id: 'userns', level: 'error', sentence: 'No user namespaces.', fix: 'sysctl -w a=1\nsysctl -w b=1' },
    ],
    plain,
  );
  expect(text).toBe(
    [
      'ok       git 2.39 is there. [git]',
      'missing  No user namespaces. [userns]',
      '         fix sysctl -w a=1',
      '             sysctl -w b=1',
      '',
      '1 thing that contexts need is missing.',
      '',
    ].join('\n'),
  );
});
