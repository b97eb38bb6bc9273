import { describe, expect, test } from 'vitest';
import { bar } from '../../src/cli/reporter/bars.js';
import { growthEnd, growthRow, listEnd, listRow, listTitles, time } from '../../src/cli/reporter/observed.js';
import { progressText } from '../../src/cli/reporter/progress.js';
import { hashProgress } from '../../src/cli/reporter/rounds.js';
import { statProgress, statText } from '../../src/cli/reporter/stat.js';
import { coloured, plain } from '../../src/cli/reporter/style.js';
import type { Growth } from '../../src/observe/growth.js';
import type { Entry } from '../../src/observe/list.js';

const layout = { style: plain, width: 80 };
const zero = { dirs: 0, files: 0, links: 0, others: 0, size: 0n };
const top: Entry = {
  path: 'data',
  depth: 0,
  kind: 'directory',
  mtime: 0,
  totals: { ...zero, dirs: 3, files: 1200, size: 4096n },
};
const entry = (path: string, more: Partial<Entry>): Entry => ({
  path,
  depth: 1,
  kind: 'file',
  mtime: 0,
  totals: zero,
  ...more,
});

describe('a bar', () => {
  test('is as long as its share, to an eighth of a column, and always as wide', () => {
    expect(bar(0.5, 8)).toBe('████    ');
    expect(bar(0.55, 8)).toBe('████▍   ');
    expect(bar(2, 8)).toBe('████████');
    for (let share = 0; share <= 1; share += 0.01) expect([...bar(share, 13)]).toHaveLength(13);
  });

  test('of the least there is shows, of nothing does not', () => {
    expect(bar(1e-9, 4)).toBe('▏   ');
    for (const nothing of [0, -1, Number.NaN]) expect(bar(nothing, 4)).toBe('    ');
  });
});

describe('a time', () => {
  test('is local, to the minute, also before 1970', () => {
    expect(time(-60)).toMatch(/^19(69|70)-\d\d-\d\d \d\d:\d\d$/);
  });

  test('that no calendar has stands as it is, and none is nothing', () => {
    expect(time(2 ** 60)).toBe(`@${2 ** 60}`);
    expect(time(-(2 ** 60))).toBe(`@-${2 ** 60}`);
    expect(time(undefined)).toBe('');
  });
});

describe('rows', () => {
  test('have the same columns whatever stands in them', () => {
    const rows = [
      listTitles(layout),
      listRow(entry('data/big', { totals: { ...zero, size: 4096n } }), top, layout),
      listRow(entry('data/d', { kind: 'directory', totals: { ...zero, files: 1_000_000, size: 1n } }), top, layout),
      listRow(entry('data/l', { kind: 'link', target: '../x' }), top, layout),
    ];
    const at = (rows[0] ?? '').indexOf('NAME');
    expect(rows.map((row) => row.slice(at).trimEnd())).toEqual(['NAME', 'big', 'd/', 'l -> ../x']);
  });

  test('a name that could disturb a terminal is quoted', () => {
    expect(listRow(entry('data/\u001b[2Jx\n', {}), top, layout)).toContain('"\\033[2Jx\\n"');
    expect(listRow(entry('data/l', { kind: 'link', target: '\u001b[0m' }), top, layout)).toContain('"\\033[0m"');
  });

  test('a directory that is recorded as one is told from one that can be listed', () => {
    expect(listRow(entry('data/b', { kind: 'bundle' }), top, layout)).toContain('b/ (bundle)');
    expect(listRow(entry('data/r', { kind: 'repository' }), top, layout)).toContain('r/ (repository)');
  });

  test('below them stands what they do not tell', () => {
    expect(listEnd(top, 1000, 0, plain)).toMatch(
      /^200 more files not tracked one by one\n4.0K in 1,200 files and 3 directories, recorded /,
    );
    expect(listEnd(top, 1200, 0, plain)).not.toContain('more');
  });

  test('growth has its sign, and a colour besides for what it is', () => {
    const grown = (bytes: bigint, change: Growth['change']): Growth => ({
      path: 'data/x',
      depth: 1,
      change,
      bytes,
      files: -2,
      after: entry('', {}),
    });
    expect(growthRow(grown(2048n, 'grew'), 'data', 4096n, layout)).toMatch(
      /^ \+2\.0K +-2 +0B {2}grew +██████████ +x$/m,
    );
    expect(growthRow(grown(-2048n, 'shrank'), 'data', 4096n, layout)).toMatch(/^ -2\.0K/);
    expect(growthRow(grown(1n, 'came'), 'data', 1n, { ...layout, style: coloured })).toContain('\u001b[32mcame');
    expect(growthEnd(grown(-1024n, 'shrank'), 0, 60, plain)).toMatch(/^-1\.0K in -2 files between /);
    expect(growthEnd(grown(0n, 'same'), 0, 60, plain)).toMatch(/^Nothing has changed between /);
  });
});

describe('progress', () => {
  test('of a scan tells its rate and the time that is left, in words of that size', () => {
    const progress = statProgress(0, () => 2000);
    const text = (expected: number): string => progressText(progress({ entries: 1000, expected, phase: 'scan' }));
    expect(text(2000)).toBe('looking, 500/s, 2 s left: 50% (1,000/2,000)');
    expect(text(100_000)).toBe('looking, 500/s, 4 min left: 1% (1,000/100,000)');
    expect(text(10_000_000)).toBe('looking, 500/s, 6 h left: 0% (1,000/10,000,000)');
    expect(text(0), 'the first time nobody knows').toBe('looking, 500/s: 1,000');
  });

  test('of hashing tells bytes a second, and of how many files', () => {
    const progress = hashProgress(0, () => 2000);
    expect(progressText(progress({ files: 10, bytes: 4096, expected: 40 }))).toBe(
      'hashing, 4.0K at 2.0K/s, files: 25% (10/40)',
    );
  });
});

test('what could not be read is counted beside what was', () => {
  const result = { unchanged: false, immutable: false, entries: 3, commit: '0123456789abcdef' };
  const errors = [
    { path: 'a', reason: 'EACCES' },
    { path: 'b', reason: 'EACCES' },
  ];
  expect(statText({ ...result, errors })).toBe('0123456789ab: 3 entries, 2 paths could not be read\n');
});
