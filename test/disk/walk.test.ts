import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFresh } from '../../src/disk/look.js';
import { walk, walkSync } from '../../src/disk/walk.js';
import { compareManifests } from '../../src/model/compare.js';
import { decodeManifest, encodeManifest } from '../../src/model/manifest-codec.js';
import { asOrdinaryUser } from '../support/ordinary-user.js';
import { bytesOf, freshDirectory, program } from './helpers.js';

const place = freshDirectory();
const pathsOf = (manifest: { entries(): Iterable<{ readonly path: string }> }): string[] =>
  [...manifest.entries()].map((entry) => entry.path);

const byteName = fc
  .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 255 })
  .map((bytes) => String.fromCharCode(...bytes));
const name = fc
  .oneof(byteName, fc.constantFrom('-rf', 'a\nb', `'"\\`, ' ', 'x'.repeat(255), '\u00ff\u00fe', 'a', 'a-b', 'a.c'))
  .filter((text) => !text.includes('/') && text !== '.' && text !== '..');

/** Makes a file and the directories above it; false where a file stands where a directory would be, or the reverse. */
function make(root: string, at: string): boolean {
  try {
    fs.mkdirSync(bytesOf(root, at.split('/').slice(0, -1).join('/')), { recursive: true });
    fs.writeFileSync(bytesOf(root, at), at, { flag: 'wx', encoding: 'latin1' });
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOTDIR', 'EISDIR'].includes((error as { readonly code: string }).code)) return false;
    throw error;
  }
}

test('every name that the file system takes is walked in byte order and comes back from the bytes of the manifest', () => {
  let run = 0;
  fc.assert(
    fc.property(fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 12 }), (names) => {
      run += 1;
      const root = place(`run-${run}`);
      fs.mkdirSync(root);
      const made = new Set<string>();
      for (const parts of names) {
        const at = parts.join('/');
        if (made.has(at)) continue;
        if (!make(root, at)) continue;
        parts.forEach((_, depth) => made.add(parts.slice(0, depth + 1).join('/')));
      }
      for (const at of made) if (!fs.existsSync(bytesOf(root, at))) made.delete(at);
      const { manifest, errors } = walkSync(root);
      expect(errors).toEqual([]);
      expect(pathsOf(manifest)).toEqual([...made].sort());
      expect([...decodeManifest(encodeManifest(manifest)).entries()]).toEqual([...manifest.entries()]);
    }),
    { numRuns: 60 },
  );
});

test('an entry says what lstat says, of links themselves, to the nanosecond', async () => {
  fs.writeFileSync(place('file'), 'content', { mode: 0o640 });
  fs.symlinkSync('nowhere', place('dangling'));
  fs.symlinkSync('loop', place('loop'));
  fs.mkdirSync(place('directory'));
  fs.symlinkSync('directory', place('link'));
  spawnSync('mkfifo', [place('fifo')]);
  spawnSync('touch', ['-d', '1969-07-20 20:17:40.123456789 UTC', place('file')]);
  fs.writeFileSync(place('directory', 'inner'), '');
  const { manifest, errors } = await walk(place());
  expect(errors).toEqual([]);
  const kinds = [...manifest.entries()].map(({ path, kind }) => [path, kind]);
  expect(kinds).toEqual([
    ['dangling', 'symlink'],
    ['directory', 'directory'],
    ['directory/inner', 'file'],
    ['fifo', 'other'],
    ['file', 'file'],
    ['link', 'symlink'],
    ['loop', 'symlink'],
  ]);
  const stats = fs.lstatSync(place('file'), { bigint: true });
  expect(stats.mtimeNs % 1_000_000_000n).toBe(-876543211n);
  expect(manifest.get('file')).toMatchObject({
    mode: 0o640,
    size: 7,
    mtimeNs: stats.mtimeNs,
    ino: Number(stats.ino),
    dev: Number(stats.dev),
    nlink: 1,
  });
  expect(manifest.get('directory')?.size).toBe(0);
});

test('only what is asked for is walked: no excluded path, only chosen subtrees, none of them through a link', () => {
  for (const directory of ['.git/objects', 'src/.git', 'src/deep', 'other'])
    fs.mkdirSync(place(directory), { recursive: true });
  for (const file of ['.git/HEAD', 'src/.git/kept', 'src/deep/a', 'other/b']) fs.writeFileSync(place(file), '');
  fs.symlinkSync('src', place('link'));
  const all = ['link', 'other', 'other/b', 'src', 'src/.git', 'src/.git/kept'];
  expect(pathsOf(walkSync(place(), { exclude: ['.git', 'src/deep'] }).manifest)).toEqual(all);
  const within = ['src/deep/a', 'src/deep', 'other', 'missing/x', 'link/deep', '.git/HEAD', 'other/b/c'];
  expect(pathsOf(walkSync(place(), { exclude: ['.git'], within }).manifest)).toEqual([
    'other',
    'other/b',
    'src/deep',
    'src/deep/a',
  ]);
});

test('another file system is listed and not entered when one is asked for', () => {
  const mounts = spawnSync(
    'unshare',
    [
      '--user',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      'mkdir "$1/m" && mount -t tmpfs none "$1/m" && touch "$1/m/x" && "$2" "$3" "$1"',
      'sh',
      place(),
      process.execPath,
      program('walk-one-file-system'),
    ],
    { encoding: 'utf8' },
  );
  expect(mounts.stdout).toBe('["m"] ["m","m/x"]');
});

test('what cannot be read is listed with its reason, and the rest is walked', () => {
  fs.mkdirSync(place('closed'));
  fs.writeFileSync(place('closed', 'hidden'), '');
  fs.mkdirSync(place('unsearchable'));
  fs.writeFileSync(place('unsearchable', 'unknown'), '');
  fs.writeFileSync(place('zebra'), '');
  fs.chmodSync(place(), 0o755);
  fs.chmodSync(place('closed'), 0o300);
  fs.chmodSync(place('unsearchable'), 0o600);
  const uid = process.getuid?.() === 0 ? 1001 : process.getuid?.();
  for (const at of ['closed', 'unsearchable']) fs.chownSync(place(at), uid ?? 0, process.getgid?.() ?? 0);
  const [command = '', ...args] = asOrdinaryUser([process.execPath, program('walk'), place()]);
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  fs.chmodSync(place('closed'), 0o700);
  fs.chmodSync(place('unsearchable'), 0o700);
  expect(JSON.parse(stdout)).toEqual({
    paths: ['closed', 'unsearchable', 'zebra'],
    errors: [
      { path: 'closed', code: 'EACCES' },
      { path: 'unsearchable/unknown', code: 'EACCES' },
    ],
  });
});

test('ten thousand directories inside one another end in an error where paths are too long, and all else is walked', () => {
  const deep = spawnSync('perl', [
    '-e',
    'chdir $ARGV[0] or die; for (1..10000) { mkdir "d" or die; chdir "d" or die }',
    place(),
  ]);
  expect(deep.status).toBe(0);
  fs.writeFileSync(place('zebra'), '');
  const { manifest, errors } = walkSync(place());
  expect(errors).toMatchObject([{ code: 'ENAMETOOLONG' }]);
  expect(manifest.length).toBeGreaterThan(1900);
  expect(manifest.get('zebra')).toBeDefined();
  spawnSync('rm', ['-rf', place('d')]);
});

test('a change that the clock of the file system cannot tell from the next one is never taken for proof', () => {
  const tick = 20_000_000n;
  const now = 1_700_000_000_123_456_789n;
  expect(isFresh(now - tick + 1n, tick, now)).toBe(true);
  expect(isFresh(now - tick, tick, now)).toBe(false);
  expect(isFresh(1_700_000_000_000_000_000n, tick, now)).toBe(true);
  expect(isFresh(1_699_999_999_000_000_000n, tick, now)).toBe(false);
});

test('two walks of a tree at rest are equal, and a change of the same size shows', async () => {
  fs.writeFileSync(place('a'), '1');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = (await walk(place())).manifest;
  expect(compareManifests(before, (await walk(place())).manifest)).toEqual({ changed: [], removed: [] });
  fs.writeFileSync(place('a'), '2');
  fs.utimesSync(place('a'), 1, 1);
  const { changed } = compareManifests(before, (await walk(place())).manifest);
  expect(changed.map(({ path }) => path)).toEqual(['a']);
});
