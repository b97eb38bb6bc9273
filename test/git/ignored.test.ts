import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ignoredAmong } from '../../src/git/ignored.js';

test('ignored is what git ignores and does not track, told alike for a few paths and for all at once', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-ignored-'));
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', ['-C', directory, ...args], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] });
    git('init', '-q');
    const files = [
      'a.c',
      'a.o',
      'build/kept',
      'build/deep/b.o',
      'other/c.o',
      'new\nline.o',
      '-x.o',
      'src/d.c',
      'src/d.tmp',
      '[s]*/kept.o',
      '[s]*/f.o',
    ];
    for (const file of files) {
      fs.mkdirSync(path.join(directory, path.dirname(file)), { recursive: true });
      fs.writeFileSync(path.join(directory, file), 'x');
    }
    fs.writeFileSync(path.join(directory, '.gitignore'), 'build/\n*.o\nother/\n');
    fs.writeFileSync(path.join(directory, 'src/.gitignore'), '*.tmp\n!d.tmp\n');
    git('add', '--force', '--', 'a.c', 'build/kept', '-x.o', 'src/d.c', '[s]*/kept.o');
    const all = [
      ...files.map((file) => ({ path: file, isDirectory: false })),
      ...['build', 'build/deep', 'other', 'src', '[s]*'].map((name) => ({ path: name, isDirectory: true })),
    ];
    const ignored = new Set(['a.o', 'build/deep/b.o', 'build/deep', 'other', 'other/c.o', 'new\nline.o', '[s]*/f.o']);
    expect(await ignoredAmong(directory, all)).toEqual(ignored);
    for (const one of all.filter(({ path: name }) => name !== 'build')) {
      expect([one.path, (await ignoredAmong(directory, [one])).has(one.path)]).toEqual([
        one.path,
        ignored.has(one.path),
      ]);
    }
    expect(await ignoredAmong(directory, [])).toEqual(new Set());
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
