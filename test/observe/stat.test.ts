import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { removeTree } from '../../src/disk/remove-tree.js';
import { getAttribute } from '../../src/linux/xattr.js';
import { jsonString } from '../../src/observe/blob-name.js';
import { openShadow } from '../../src/observe/shadow.js';
import { stat } from '../../src/observe/stat.js';
import { bytesOf } from '../disk/helpers.js';
import {
  fields,
  foundByFindAndDu,
  git,
  makeRepository,
  observedWorld,
  recordOf,
  totalsIn,
  tracked,
} from './observed-world.js';
import { makeDirectories, makeFiles } from './places.js';

const { real, init, shadows } = observedWorld();
const isRoot = process.getuid?.() === 0;
const touch = (path: string, time: string): void => void execFileSync('touch', ['-h', '-d', time, path]);

test('the records of a small tree, to the byte', async () => {
  makeFiles(real(), { 'a/file': 'hello', 'a/empty': '', 'b/c/deep': 'x' });
  fs.symlinkSync('../a/file', real('b/link'));
  for (const at of ['a/file', 'a/empty', 'b/c/deep', 'b/link', 'a', 'b/c', 'b', '.']) touch(real(at), '@1600000000.9');
  touch(real('a/empty'), '@-1.5');
  const shadow = await init();
  const result = await stat(shadow);
  expect(result).toMatchObject({ unchanged: false, errors: [], entries: 8, immutable: false });
  expect(tracked(shadow)).toEqual([
    '.nogtree',
    'a/.nogtree',
    'a/empty',
    'a/file',
    'b/.nogtree',
    'b/c/.nogtree',
    'b/c/deep',
    'b/link',
  ]);
  expect(recordOf(shadow, 'a/file')).toBe('name: "file"\nsize: 5\nmtime: 1600000000\n');
  expect(recordOf(shadow, 'a/empty')).toBe('name: "empty"\nsize: 0\nmtime: -2\n');
  expect(recordOf(shadow, 'b/link')).toBe('../a/file');
  expect(recordOf(shadow, 'b/.nogtree')).toBe(
    'name: "b"\nmtime: 1600000000\ndirs: 2\nfiles: 1\nlinks: 1\nothers: 0\nsize: 1\n',
  );
  expect(recordOf(shadow, '.nogtree')).toBe(
    'name: "root"\nmtime: 1600000000\ndirs: 4\nfiles: 3\nlinks: 1\nothers: 0\nsize: 6\nmtime_min: -2\nmtime_max: 1600000000\nattrs: ""\n',
  );
  expect(git(shadow, 'ls-tree', '-r', 'master-stat', 'b/link')).toMatch(/^120000 blob /);
  expect(git(shadow, 'fsck', '--strict')).toBe('');
  expect(git(shadow, 'log', '-1', '--format=%s', 'master-stat')).toMatch(
    /^stat \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d\n$/,
  );
});

test('without rollup directories have the bytes of the original', async () => {
  makeFiles(real(), { 'a/b/file': 'hello' });
  touch(real('a'), '@7');
  const shadow = await init({ rollup: false });
  await stat(shadow);
  expect(recordOf(shadow, 'a/.nogtree')).toBe('name: "a"\nmtime: 7\n');
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
});

test('no change makes no commit and no object; every change makes one', async () => {
  makeFiles(real(), { 'a/file': 'x', 'b/file': 'y' });
  const shadow = await init();
  const first = await stat(shadow);
  const objects = git(shadow, 'count-objects', '-v');
  expect(await stat(shadow)).toMatchObject({ unchanged: true, entries: 5 });
  expect(git(shadow, 'rev-parse', 'master-stat').trim()).toBe(first.commit);
  expect(git(shadow, 'count-objects', '-v')).toBe(objects);

  fs.utimesSync(real('a'), 5, 5);
  const second = await stat(shadow);
  expect(git(shadow, 'diff', '--name-only', 'master-stat^', 'master-stat')).toBe('.nogtree\na/.nogtree\n');
  fs.appendFileSync(real('b/file'), 'more');
  fs.utimesSync(real('b/file'), 5, 5);
  const third = await stat(shadow);
  expect(fields(recordOf(shadow, 'b/file'))).toMatchObject({ size: '5', mtime: '5' });
  fs.rmSync(real('a'), { recursive: true });
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'b/.nogtree', 'b/file']);
  expect(git(shadow, 'rev-list', 'master-stat~1').trim().split('\n')).toEqual([
    third.commit,
    second.commit,
    first.commit,
    git(shadow, 'rev-parse', 'master-stub').trim(),
  ]);
});

test('a file that becomes a directory, and back, is recorded as what it is', async () => {
  makeFiles(real(), { x: 'file' });
  const shadow = await init();
  await stat(shadow);
  fs.rmSync(real('x'));
  makeFiles(real(), { 'x/y': 'in it', 'x.a': '', 'x-a': '' });
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'x-a', 'x.a', 'x/.nogtree', 'x/y']);
  fs.rmSync(real('x'), { recursive: true });
  fs.symlinkSync('.', real('x'));
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'x', 'x-a', 'x.a']);
  expect(git(shadow, 'fsck', '--strict')).toBe('');
});

const name = fc
  .oneof(
    fc
      .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 255 })
      .map((bytes) => String.fromCharCode(...bytes)),
    fc.constantFrom(
      '-rf',
      'a\nb',
      '\\',
      '"',
      ' ',
      'x'.repeat(255),
      '\u00ff\u00fe',
      'a',
      'a-b',
      'a.c',
      '\u00c3\u00a4',
      'HEAD',
      '*',
      '[a]',
      ':x',
    ),
  )
  .filter((text) => !text.includes('/') && !/^\.(?:\.?$|git|nog)/.test(text));

test('every name that the file system takes is recorded, and git finds no fault', async () => {
  const names = [...new Set(fc.sample(name, { numRuns: 300, seed: 7 }))];
  makeDirectories(real(), 'd');
  for (const one of names) fs.writeFileSync(bytesOf(real('d'), one), 'x');
  const shadow = await init();
  expect((await stat(shadow)).errors).toEqual([]);
  const there = tracked(shadow).filter((one) => one.startsWith('d/') && one !== 'd/.nogtree');
  expect(there.map((one) => one.slice(2)).sort()).toEqual(names.sort());
  for (const one of names.slice(0, 40).filter((text) => !text.includes('\n'))) {
    expect(recordOf(shadow, `d/${one}`)?.split('\n')[0]).toBe(`name: ${jsonString(one)}`);
  }
  expect(git(shadow, 'fsck', '--strict')).toBe('');
  expect((await stat(shadow)).unchanged).toBe(true);
});

test('names of git and of the shadow are counted, nothing of them is tracked', async () => {
  makeFiles(real(), {
    '.gitignore': '*',
    '.github/w/x': '12',
    'a/.gitkeep': '',
    'a/.nogtree': 'mine',
    'a/b': '1',
    '.nog/x': '',
  });
  const shadow = await init();
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'a/.nogtree', 'a/b']);
  expect(recordOf(shadow, '.gitignore')).toBe('');
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
});

test('the real .gitignore files hide nothing, unless they are to be heeded', async () => {
  makeFiles(real(), { '.gitignore': '*.o\n', 'a.o': '', 'd/b.o': '', 'd/c': '', 'd/.gitignore': '!b.o\nc\n' });
  const shadow = await init();
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'a.o', 'd/.nogtree', 'd/b.o', 'd/c']);
  await stat(shadow, { respectGitignore: true });
  expect(tracked(shadow)).toEqual(['.nogtree', 'd/.nogtree', 'd/b.o']);
});

test('fifos, sockets and devices count as others, loops of links are not followed', async () => {
  makeDirectories(real(), 'd');
  execFileSync('mkfifo', [real('d/fifo')]);
  const server = net.createServer().listen(real('d/socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  if (isRoot) execFileSync('mknod', [real('d/device'), 'c', '1', '3']);
  fs.symlinkSync('..', real('d/up'));
  fs.symlinkSync('self', real('d/self'));
  fs.symlinkSync('x'.repeat(4000), real('d/long'));
  const shadow = await init();
  const { errors } = await stat(shadow);
  expect(errors).toEqual([]);
  expect(tracked(shadow)).toEqual(['.nogtree', 'd/.nogtree', 'd/long', 'd/self', 'd/up']);
  expect(totalsIn(recordOf(shadow, 'd/.nogtree'))).toEqual(foundByFindAndDu(real('d')));
  expect(recordOf(shadow, 'd/long')).toBe('x'.repeat(4000));
  server.close();
});

test('sparse files of any size, and times long ago and far ahead, are exact', async () => {
  makeDirectories(real(), 'd');
  const sizes = { small: '1', tera: '1099511627776', most: '17592186040320' };
  for (const [one, size] of Object.entries(sizes)) execFileSync('truncate', ['-s', size, real('d', one)]);
  touch(real('d/small'), '@-2147483648');
  touch(real('d/tera'), '@15032385535');
  const shadow = await init();
  await stat(shadow);
  for (const [one, size] of Object.entries(sizes)) expect(fields(recordOf(shadow, `d/${one}`))['size']).toBe(size);
  expect(fields(recordOf(shadow, 'd/small'))['mtime']).toBe('-2147483648');
  expect(fields(recordOf(shadow, 'd/tera'))['mtime']).toBe('15032385535');
  expect(fields(recordOf(shadow, '.nogtree'))).toMatchObject({ mtime_min: '-2147483648', mtime_max: '15032385535' });
  expect(totalsIn(recordOf(shadow, 'd/.nogtree'))).toEqual(foundByFindAndDu(real('d')));
});

test.runIf(fs.existsSync('/dev/shm'))(
  'sizes beyond the numbers of JavaScript are exact, alone and summed',
  async () => {
    const memory = fs.mkdtempSync('/dev/shm/mizer-huge-');
    try {
      const sizes = ['9223372036854771712', '9007199254740993', '9007199254740995', '3'];
      sizes.forEach((size, index) => execFileSync('truncate', ['-s', size, `${memory}/${index}`]));
      fs.linkSync(`${memory}/1`, `${memory}/again`);
      const { init: make } = await import('../../src/observe/init.js');
      const shadow = await make({ realDirectory: memory, shadowRoot: shadows() });
      await stat(shadow);
      sizes.forEach((size, index) => expect(fields(recordOf(shadow, String(index)))['size']).toBe(size));
      const sum = sizes.reduce((total, size) => total + BigInt(size), 0n);
      expect(fields(recordOf(shadow, '.nogtree'))['size']).toBe(String(sum));
    } finally {
      fs.rmSync(memory, { recursive: true });
    }
  },
);

test('a path longer than the kernel takes in one piece is recorded', async () => {
  const depth = 60;
  const long = 'n'.repeat(100);
  real();
  execFileSync(
    'sh',
    [
      '-c',
      'i=0; while [ $i -lt "$2" ]; do mkdir "$1" && cd -P "$1" || exit 1; i=$((i+1)); done; echo x >file',
      '-',
      long,
      String(depth),
    ],
    { cwd: real() },
  );
  const shadow = await init();
  expect((await stat(shadow)).errors).toEqual([]);
  expect(tracked(shadow).at(-1)).toBe(`${`${long}/`.repeat(depth)}file`);
  expect(totalsIn(recordOf(shadow, '.nogtree')).dirs).toBe(depth + 1);
  removeTree(real());
});

/** A tree of any shape with names linked hard across it. */
const shape = fc.array(
  fc.record({
    at: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 }),
    kind: fc.constantFrom('file', 'file', 'hard', 'hard', 'symlink', 'fifo', 'empty'),
    size: fc.nat(100_000),
    of: fc.nat(20),
  }),
  { minLength: 1, maxLength: 40 },
);

test('the totals of every directory are what find and du say, hard links counted once wherever they are', async () => {
  const shadow = await init();
  await fc.assert(
    fc.asyncProperty(shape, async (entries) => {
      fs.rmSync(real(), { recursive: true });
      const files: string[] = [];
      entries.forEach(({ at, kind, size, of }, index) => {
        makeDirectories(real(), at.join('/'));
        const path = real(...at, `${kind}-${index}`);
        if (kind === 'file' || (kind === 'hard' && files.length === 0)) {
          fs.writeFileSync(path, '');
          fs.truncateSync(path, size);
          files.push(path);
        } else if (kind === 'hard') fs.linkSync(files[of % files.length]!, path);
        else if (kind === 'symlink') fs.symlinkSync('nowhere', path);
        else if (kind === 'fifo') execFileSync('mkfifo', [path]);
        else fs.mkdirSync(path);
      });
      await stat(shadow);
      const records = tracked(shadow).filter((one) => one.endsWith('.nogtree'));
      expect(records).toContain('.nogtree');
      for (const one of records) {
        const directory = real(one.replace(/\/?\.nogtree$/, ''));
        expect([one, totalsIn(recordOf(shadow, one))]).toEqual([one, foundByFindAndDu(directory)]);
      }
      expect((await stat(shadow)).unchanged).toBe(true);
    }),
    { numRuns: 12 },
  );
  expect(git(shadow, 'fsck', '--strict')).toBe('');
}, 60_000);

test('the range of times is what find says of all there is', async () => {
  makeFiles(real(), { 'a/x': '', 'b/y': '', '.git-x/z': '' });
  fs.symlinkSync('x', real('a/l'));
  touch(real('.git-x/z'), '@-77.25');
  touch(real('a/l'), '@4000000000.5');
  const shadow = await init();
  await stat(shadow);
  // Before 1970 find prints the seconds rounded down, and what is above them after the point.
  const times = execFileSync('find', [real(), '-printf', '%T@\n'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((time) => parseInt(time, 10));
  expect(fields(recordOf(shadow, '.nogtree'))).toMatchObject({
    mtime_min: String(Math.min(...times)),
    mtime_max: String(Math.max(...times)),
  });
});

test('only the range of times: the root is brought up to date, nothing else', async () => {
  makeFiles(real(), { 'a/x': '1' });
  const shadow = await init();
  await stat(shadow);
  makeFiles(real(), { 'a/y': '22' });
  fs.utimesSync(real('a/y'), 4e9, 4e9);
  await stat(shadow, { mtimeRange: 'only' });
  expect(git(shadow, 'diff', '--name-only', 'master-stat^', 'master-stat')).toBe('.nogtree\n');
  expect(git(shadow, 'log', '-1', '--format=%s', 'master-stat')).toMatch(/: mtime range\n$/);
  expect(fields(recordOf(shadow, '.nogtree'))).toMatchObject({ mtime_max: '4000000000', files: '2', size: '3' });
  expect((await stat(shadow)).unchanged).toBe(false);
  expect(tracked(shadow)).toContain('a/y');
});

test('a real directory that is a repository tells what its .git holds', async () => {
  const shadow = await init();
  const commit = makeRepository(real());
  await stat(shadow);
  const found = foundByFindAndDu(real('.git'));
  expect(fields(recordOf(shadow, '.nogtree'))).toMatchObject({
    git: `"${commit}"`,
    git_mtime: String(Math.floor(fs.statSync(real('.git')).mtimeMs / 1000)),
    git_dirs: String(found.dirs),
    git_files: String(found.files),
    git_links: String(found.links),
    git_others: String(found.others),
    git_size: found.size,
  });
  expect(tracked(shadow)).toEqual(['.nogtree', 'content']);
});

test('a real directory that is a repository without a commit, or a linked work tree', async () => {
  const shadow = await init();
  execFileSync('git', ['init', '-q', real()]);
  await stat(shadow);
  expect(recordOf(shadow, '.nogtree')).not.toContain('git');
  fs.rmSync(real('.git'), { recursive: true });
  const main = `${shadows()}-main`;
  const commit = makeRepository(main);
  execFileSync('git', ['worktree', 'add', '-q', '--detach', `${main}-linked`], { cwd: main });
  fs.cpSync(`${main}-linked/.git`, real('.git'));
  await stat(shadow);
  expect(fields(recordOf(shadow, '.nogtree'))).toMatchObject({ git: `"${commit}"`, git_dirs: '0', git_files: '1' });
});

test('a directory that is gone is not recorded as empty, unless that is wished', async () => {
  makeFiles(real(), { x: '1' });
  const shadow = await init();
  await stat(shadow);
  fs.rmSync(real('x'));
  fs.rmdirSync(shadow.realDirectory);
  await expect(stat(shadow)).rejects.toMatchObject({ code: 'E_REALDIR_GONE' });
  expect(tracked(shadow)).toEqual(['.nogtree', 'x']);
  await stat(shadow, { force: true });
  expect(tracked(shadow)).toEqual([]);
  makeFiles(real(), { y: '1' });
  await stat(shadow);
  expect(tracked(shadow)).toEqual(['.nogtree', 'y']);
});

const canFreeze = ((): boolean => {
  if (!isRoot) return false;
  const file = fs.mkdtempSync('/tmp/mizer-immutable-');
  try {
    execFileSync('chattr', ['+i', file], { stdio: 'ignore' });
    execFileSync('chattr', ['-i', file], { stdio: 'ignore' });
    return getAttribute(file, 'user.none') === undefined;
  } catch {
    return false;
  } finally {
    fs.rmdirSync(file);
  }
})();

test.runIf(canFreeze)('an immutable directory is recorded so, and then left alone without force', async () => {
  makeFiles(real(), { 'd/x': '1' });
  const shadow = await init();
  execFileSync('chattr', ['+i', real()]);
  try {
    await stat(shadow);
    expect(fields(recordOf(shadow, '.nogtree'))['attrs']).toBe('"i"');
    fs.writeFileSync(real('d/y'), '22');
    expect(await stat(shadow)).toMatchObject({ immutable: true, unchanged: true, entries: 0 });
    expect((await stat(shadow, { force: true })).unchanged).toBe(false);
    expect(tracked(shadow)).toContain('d/y');
  } finally {
    execFileSync('chattr', ['-i', real()]);
  }
  await stat(shadow);
  expect(fields(recordOf(shadow, '.nogtree'))['attrs']).toBe('""');
});

test.runIf(isRoot)('another file system is counted, and with one file system only not entered', async () => {
  makeFiles(real(), { 'here/x': '1' });
  makeDirectories(real(), 'there');
  execFileSync('mount', ['-t', 'tmpfs', 'mizer-test', real('there')]);
  try {
    makeFiles(real(), { 'there/deep/y': '22' });
    const shadow = await init();
    await stat(shadow);
    expect(tracked(shadow)).toContain('there/deep/y');
    expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
    await stat(shadow, { oneFileSystem: true });
    expect(tracked(shadow)).toEqual(['.nogtree', 'here/.nogtree', 'here/x']);
    expect(totalsIn(recordOf(shadow, '.nogtree'))).toMatchObject({ dirs: 3, files: 1, size: '1' });
  } finally {
    execFileSync('umount', [real('there')]);
  }
});

test('a shadow repository is found by the directory, by a path in it and by its own path', async () => {
  makeFiles(real(), { 'd/x': '1' });
  const shadow = await init();
  const options = { shadowRoot: shadows() };
  expect(await openShadow(real(), options)).toEqual(shadow);
  expect(await openShadow(shadow.path, options)).toEqual(shadow);
  await expect(openShadow(real('d'), options)).rejects.toMatchObject({ code: 'E_SHADOW_UNKNOWN' });
  await expect(openShadow('/', options)).rejects.toMatchObject({ code: 'E_SHADOW_UNKNOWN' });
});

test('what is remembered of directories only saves work: without it, or where it is hurt, the same comes out', async () => {
  makeFiles(real(), { 'a/x': '1', 'b/c/y': '2', 'b/d/z': '3' });
  const shadow = await init();
  await stat(shadow);
  const memo = `${shadow.gitDir}/fso/directory-memo`;
  const bytes = fs.readFileSync(memo);
  const tree = git(shadow, 'rev-parse', 'master-stat^{tree}');
  const hurt = Buffer.from(bytes);
  hurt.fill(0xff, bytes.length / 2);
  for (const content of [undefined, Buffer.of(), bytes.subarray(0, 21), hurt, Buffer.alloc(48)]) {
    if (content === undefined) fs.rmSync(memo);
    else fs.writeFileSync(memo, content);
    expect((await stat(shadow)).unchanged).toBe(true);
  }
  fs.writeFileSync(memo, bytes);
  fs.appendFileSync(real('b/c/y'), '4');
  fs.utimesSync(real('b/c/y'), 5, 5);
  await stat(shadow);
  fs.writeFileSync(real('b/c/y'), '2');
  fs.utimesSync(real('b/c/y'), 7, 7);
  // Trees that are remembered and not there are written anew.
  git(shadow, 'update-ref', 'refs/heads/master-stat', 'master-stub');
  git(shadow, 'reflog', 'expire', '--expire=now', '--all');
  git(shadow, 'gc', '-q', '--prune=now');
  await stat(shadow);
  expect(git(shadow, 'rev-parse', 'master-stat^{tree}')).not.toBe(tree);
  expect(totalsIn(recordOf(shadow, '.nogtree'))).toEqual(foundByFindAndDu(real()));
  expect(git(shadow, 'fsck', '--strict')).toBe('');
});
