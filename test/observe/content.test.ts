import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { content } from '../../src/observe/content.js';
import { init } from '../../src/observe/init.js';
import { applyStub } from '../../src/observe/reinit.js';
import type { Shadow } from '../../src/observe/shadow.js';
import { stat } from '../../src/observe/stat.js';
import { freshDirectory, makeFiles } from './places.js';

const place = freshDirectory();

async function observe(policy: 'enter-subdirs' | 'ignore-most' = 'enter-subdirs'): Promise<Shadow> {
  const shadow = await init({ realDirectory: place('real'), shadowRoot: place('shadows'), policy });
  await stat(shadow);
  return shadow;
}

function gitOf(shadow: Shadow, ...args: string[]): string {
  return execFileSync('git', ['-C', shadow.path, ...args], { encoding: 'utf8' });
}

function tracked(shadow: Shadow): string[] {
  const names = gitOf(shadow, 'ls-tree', '-r', '-z', '--name-only', 'master-content').split('\0').slice(0, -1);
  return names.filter((name) => !['.gitignore', '.gitattributes', '.nogbundles'].includes(name));
}

/** Writes the shadow's attributes and takes them over. */
async function select(shadow: Shadow, attributes: string): Promise<void> {
  fs.writeFileSync(`${shadow.path}/.gitattributes`, attributes);
  gitOf(shadow, 'add', '.gitattributes');
  gitOf(shadow, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', 'commit', '-q', '-m', 'select');
  await applyStub(shadow);
  await stat(shadow);
}

test('the top README.md is kept byte for byte, and nothing else', async () => {
  makeFiles(place('real'), { 'README.md': '# Data\r\n\u00ff', 'sub/README.md': 'no', other: 'no' });
  const shadow = await observe('ignore-most');
  expect(await content(shadow)).toMatchObject({ files: 1, errors: [] });
  expect(tracked(shadow)).toEqual(['README.md']);
  expect(gitOf(shadow, 'show', 'master-content:README.md')).toBe('# Data\r\n\u00ff');
  expect(gitOf(shadow, 'log', '-1', '--format=%s', 'master-content')).toMatch(/^content \d{4}-/);
  expect(gitOf(shadow, 'fsck', '--strict')).toBe('');
});

test('the attribute nogcontent selects files at any depth, and takes the README.md away', async () => {
  makeFiles(place('real'), { 'README.md': 'top', 'a/b/notes.md': 'deep', 'a/data.bin': '0', 'c/empty.md': '' });
  const shadow = await observe();
  await select(shadow, '*.md nogcontent\n');
  await content(shadow);
  expect(tracked(shadow)).toEqual(['README.md', 'a/b/notes.md', 'c/empty.md']);
  await select(shadow, '/a/**/*.md nogcontent\n/README.md -nogcontent\n');
  await content(shadow);
  expect(tracked(shadow)).toEqual(['a/b/notes.md']);
});

test('what has not changed is not read again; what has is; what went is gone', async () => {
  makeFiles(place('real'), { 'README.md': 'one', 'a/x.md': 'two' });
  for (const name of ['README.md', 'a/x.md']) fs.utimesSync(place('real', name), 1_000_000, 1_000_000);
  const shadow = await observe();
  await select(shadow, '*.md nogcontent\n');
  expect((await content(shadow)).files).toBe(2);
  expect(await content(shadow)).toMatchObject({ unchanged: true, files: 0 });
  fs.writeFileSync(place('real/a/x.md'), 'changed');
  await stat(shadow);
  expect(await content(shadow)).toMatchObject({ unchanged: false, files: 1 });
  expect(gitOf(shadow, 'show', 'master-content:a/x.md')).toBe('changed');
  fs.rmSync(place('real/a'), { recursive: true });
  fs.rmSync(place('real/README.md'));
  await stat(shadow);
  await content(shadow);
  expect(tracked(shadow)).toEqual([]);
});

test('links are not followed, and a file that is too large is refused and listed', async () => {
  makeFiles(place(), { secret: 'secret', 'real/x': '' });
  fs.symlinkSync(place('secret'), place('real/README.md'));
  fs.truncateSync(place('real/x'), 16 * 1024 * 1024 + 1);
  const shadow = await observe();
  await select(shadow, 'x nogcontent\n');
  expect((await content(shadow)).errors).toEqual([{ path: 'x', reason: 'it is larger than 16 MiB' }]);
  expect(tracked(shadow)).toEqual([]);
});

test('a link that took the place of the README.md since the stat is not read', async () => {
  makeFiles(place('real'), { 'README.md': 'file' });
  const shadow = await observe();
  fs.rmSync(place('real/README.md'));
  makeFiles(place(), { secret: 'secret' });
  fs.symlinkSync(place('secret'), place('real/README.md'));
  expect(await content(shadow)).toMatchObject({ files: 0, errors: [] });
  expect(tracked(shadow)).toEqual([]);
});
