import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nameStatus, nameStatusNul, paintPatch, stat } from '../../src/cli/reporter/changes.js';
import { coloured, plain } from '../../src/cli/reporter/style.js';
import type { Change, ChangeKind, Side } from '../../src/model/change-set.js';
import { fromText } from '../../src/model/tree-path.js';
import type { DiffResult } from '../../src/protocol/messages.js';

let repository = '';
const git = (...words: string[]): Buffer =>
  execFileSync('git', ['-c', 'core.quotePath=false', '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
    cwd: repository,
    env: { ...process.env, GIT_CONFIG_NOSYSTEM: '1', HOME: repository },
  });
const write = (name: string, content: string): void => writeFileSync(join(repository, name), content);

beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), 'mizer-changes-'));
  git('init', '-q');
  write('gone', 'a\nb\n');
  write('text é', 'a\nb\nc\n');
  write('run.sh', 'x\n');
  write('binary', '\0one');
  write('turned', 'was a file\n');
  write('tab\there', 'x\n');
  git('add', '.');
  git('commit', '-qm', 'one');
  rmSync(join(repository, 'gone'));
  rmSync(join(repository, 'turned'));
  symlinkSync('elsewhere', join(repository, 'turned'));
  write('text é', 'a\nB\nc\nd\n');
  chmodSync(join(repository, 'run.sh'), 0o755);
  write('binary', '\0two!');
  write('new', 'n\n');
  write('tab\there', 'y\n');
  git('add', '-A');
});
afterAll(() => rmSync(repository, { recursive: true }));

const side = (size: number): Side => ({ kind: 'file', mode: 0o644, size });
const change = (name: string, kind: ChangeKind, before?: number, after?: number): Change => ({
  path: fromText(name),
  kind,
  before: before === undefined ? undefined : side(before),
  after: after === undefined ? undefined : side(after),
});
const lines = (added: number, deleted: number): DiffResult['lines'][number] => ({ added, deleted });

const changes: readonly Change[] = [
  change('binary', 'modified', 4, 5),
  change('gone', 'deleted', 4),
  change('new', 'added', undefined, 2),
  change('run.sh', 'mode', 2, 2),
  change('tab\there', 'modified', 2, 2),
  change('text é', 'modified', 6, 8),
  change('turned', 'retyped', 11, 9),
];

test("--name-status is git's own, quoting included", () => {
  expect(nameStatus(changes, plain)).toBe(git('diff', '--cached', '--no-renames', '--name-status').toString());
});

test("-z is git's own", () => {
  expect(Buffer.from(nameStatusNul(changes))).toEqual(git('diff', '--cached', '--no-renames', '--name-status', '-z'));
});

test("--stat is git's own for files with lines and without", () => {
  const counted = [null, lines(0, 2), lines(1, 0), null, lines(1, 1), lines(2, 1)];
  const names = ['binary', 'gone', 'new', 'run.sh', 'tab\there', 'text é'];
  const real = git('diff', '--cached', '--no-renames', '--stat', '--', ...names).toString();
  expect(stat(changes.slice(0, 6), counted, plain)).toBe(real);
});

test('--stat stays within 80 columns, and shows every side that changed', () => {
  const text = stat(
    [change('x'.repeat(90), 'modified', 1, 1), change('y', 'modified', 1, 1)],
    [lines(90_000, 1), lines(0, 3)],
    plain,
  );
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(text).toMatch(/\+-\n/);
});

test('without changes there is no text', () => {
  expect(stat([], [], plain)).toBe('');
  expect(nameStatus([], plain)).toBe('');
});

test("a patch's colours are git's places for them, and its bytes are the same below", () => {
  const patch = git('diff', '--cached', '--no-renames');
  expect(paintPatch(patch, plain)).toBe(patch);
  const painted = Buffer.from(paintPatch(patch, coloured)).toString('latin1');
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
  expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(patch.toString('latin1'));
  expect(painted).toContain('\u001b[32m+d\u001b[39m');
  expect(painted).toContain('\u001b[31m-b\u001b[39m');
  expect(painted).toContain('\u001b[1m--- a/');
});
