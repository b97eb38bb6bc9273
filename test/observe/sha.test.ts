import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MizerError } from '../../src/model/errors.js';
import { parseRecord } from '../../src/observe/blob.js';
import { init } from '../../src/observe/init.js';
import { sha, type ShaResult } from '../../src/observe/sha.js';
import type { Shadow } from '../../src/observe/shadow.js';
import { lockFile } from '../../src/observe/state-directory.js';
import { stat } from '../../src/observe/stat.js';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.js';
import { freshDirectory, makeFiles, program } from './places.js';

const place = freshDirectory();

/** Files of an age at which nobody can have changed them within the same second. */
function age(...names: string[]): void {
  for (const name of names) fs.utimesSync(place('real', name), 1_000_000, 1_000_000);
}

async function observe(policy: 'enter-subdirs' | 'bundle-subdirs' = 'enter-subdirs'): Promise<Shadow> {
  const shadow = await init({ realDirectory: place('real'), shadowRoot: place('shadows'), policy });
  await stat(shadow);
  return shadow;
}

function gitOf(shadow: Shadow, ...args: string[]): string {
  return execFileSync('git', ['-C', shadow.path, ...args], { encoding: 'latin1' });
}

/** Paths, as byte strings, with the text of their blobs. */
function branch(shadow: Shadow, name = 'master-sha'): Map<string, string> {
  const entries = gitOf(shadow, 'ls-tree', '-r', '-z', name).split('\0').slice(0, -1);
  const found = entries.map((entry) => /^\d+ blob (?<oid>[0-9a-f]+)\t(?<at>.*)$/s.exec(entry)?.groups ?? {});
  const contents = execFileSync('git', ['-C', shadow.path, 'cat-file', '--batch=%(objectsize)'], {
    input: found.map(({ oid }) => `${oid}\n`).join(''),
    encoding: 'latin1',
  });
  let offset = 0;
  return new Map(
    found.map(({ at = '' }) => {
      const start = contents.indexOf('\n', offset) + 1;
      const end = start + Number(contents.slice(offset, start));
      offset = end + 1;
      return [at, contents.slice(start, end)];
    }),
  );
}

async function update(shadow: Shadow): Promise<ShaResult> {
  await stat(shadow);
  return sha(shadow);
}

function recordOf(name: string, bytes: Buffer): string {
  const hex = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
  return `name: "${name}"\nsize: ${bytes.length}\nsha1: "${hex('sha1')}"\nsha256: "${hex('sha256')}"\n`;
}

test('every tracked regular file has the hashes that sha1sum and sha256sum say, directories only their name', async () => {
  makeFiles(place('real'), { 'README.md': 'read me', 'a/b/deep': 'deep', 'a/empty': '', '-dash': '-' });
  const big = Buffer.alloc(3 * 1024 * 1024 + 17, 'mizer');
  fs.writeFileSync(place('real/a/big'), big);
  fs.symlinkSync('../nowhere', place('real/a/link'));
  execFileSync('mkfifo', [place('real/fifo')]);
  const shadow = await observe();
  const { files, bytes, errors } = await sha(shadow);
  expect({ files, bytes, errors }).toEqual({ files: 5, bytes: BigInt(7 + 4 + 1 + big.length), errors: [] });
  const kept = branch(shadow);
  expect([...kept.keys()]).toEqual(branchPaths(shadow));
  expect(kept.get('a/big')).toBe(recordOf('big', big));
  expect(kept.get('.nogtree')).toBe('name: "root"\n');
  expect(kept.get('a/.nogtree')).toBe('name: "a"\n');
  expect(kept.get('a/link')).toBe('../nowhere');
  for (const [tool, key] of [
    ['sha1sum', 'sha1'],
    ['sha256sum', 'sha256'],
  ] as const) {
    const out = execFileSync(tool, ['README.md', 'a/b/deep', 'a/empty', 'a/big', './-dash'], {
      cwd: place('real'),
      encoding: 'utf8',
    });
    for (const line of out.split('\n').slice(0, -1)) {
      const [hash, name = ''] = line.split(/ [ *]/);
      expect(kept.get(path.normalize(name))).toContain(`${key}: "${hash}"\n`);
    }
  }
  expect(gitOf(shadow, 'log', '-1', '--format=%s', 'master-sha')).toMatch(/^sha \d{4}-\d\d-\d\dT/);
  expect(gitOf(shadow, 'fsck', '--strict')).toBe('');
});

function branchPaths(shadow: Shadow): string[] {
  return gitOf(shadow, 'ls-tree', '-r', '-z', '--name-only', 'master-stat').split('\0').slice(0, -1);
}

test('there is no time on the branch, and bundles have only their name', async () => {
  makeFiles(place('real'), { 'sub/x': 'x', top: 't' });
  const shadow = await observe('bundle-subdirs');
  await sha(shadow);
  const kept = branch(shadow);
  expect(kept.get('sub')).toBe('name: "sub"\n');
  expect([...kept].filter(([name, text]) => !name.startsWith('.git') && text.includes('time'))).toEqual([]);
});

test('names of any bytes are hashed and come back', async () => {
  const names = ['new\nline', 'quote"', 'back\\slash', 'é', '\u{1f600}'].map((name) => Buffer.from(name));
  names.push(Buffer.from([0xff, 0xfe]), Buffer.alloc(255, 'n'));
  fs.mkdirSync(place('real'));
  for (const name of names) fs.writeFileSync(Buffer.concat([Buffer.from(`${place('real')}/`), name]), name);
  const shadow = await observe();
  expect((await sha(shadow)).files).toBe(names.length);
  const kept = branch(shadow);
  for (const name of names) {
    const record = parseRecord(Buffer.from(kept.get(name.toString('latin1')) ?? '', 'latin1'), 'path');
    const sha256 = createHash('sha256').update(name).digest('hex');
    expect(record).toMatchObject({ kind: 'sha', name: name.toString('latin1'), sha256 });
  }
});

test('what has the same record is not read again, in whole subtrees too', async () => {
  makeFiles(place('real'), { 'a/1': 'one', 'a/2': 'two', 'b/3': 'three' });
  age('a/1', 'a/2', 'b/3');
  const shadow = await observe();
  expect((await sha(shadow)).files).toBe(3);
  expect(await update(shadow)).toMatchObject({ unchanged: true, files: 0 });
  // The same size and time: by its record it is the same.
  fs.writeFileSync(place('real/a/1'), 'eno');
  age('a/1');
  expect((await update(shadow)).files).toBe(0);
  fs.writeFileSync(place('real/b/3'), 'longer than before');
  age('b/3');
  const result = await update(shadow);
  expect(result).toMatchObject({ unchanged: false, files: 1 });
  expect(branch(shadow).get('b/3')).toBe(recordOf('3', Buffer.from('longer than before')));
});

test('a file changed within the second in which it was hashed is read again', async () => {
  makeFiles(place('real'), { f: 'aaaa' });
  const shadow = await observe();
  await sha(shadow);
  const { atime, mtime } = fs.statSync(place('real/f'));
  fs.writeFileSync(place('real/f'), 'bbbb');
  fs.utimesSync(place('real/f'), atime, mtime);
  await sha(shadow);
  expect(branch(shadow).get('f')).toBe(recordOf('f', Buffer.from('bbbb')));
});

test('only the time changed: the file is read, and without a change there is no commit', async () => {
  makeFiles(place('real'), { f: 'same' });
  age('f');
  const shadow = await observe();
  await sha(shadow);
  fs.utimesSync(place('real/f'), 2_000_000, 2_000_000);
  expect(await update(shadow)).toMatchObject({ unchanged: true, files: 1 });
  expect(await update(shadow)).toMatchObject({ unchanged: true, files: 0 });
});

test('what went is gone from the branch, and what became something else is that', async () => {
  makeFiles(place('real'), { 'a/gone': '1', 'b/file': '2', 'c/x': '3', keep: '4' });
  const shadow = await observe();
  await sha(shadow);
  fs.rmSync(place('real/a'), { recursive: true });
  fs.rmSync(place('real/b/file'));
  makeFiles(place('real'), { 'b/file/inside': '5' });
  fs.rmSync(place('real/c'), { recursive: true });
  fs.writeFileSync(place('real/c'), '6');
  await update(shadow);
  const kept = branch(shadow);
  expect([...kept.keys()]).toEqual(branchPaths(shadow));
  expect(kept.get('c')).toBe(recordOf('c', Buffer.from('6')));
  expect(kept.get('b/file/inside')).toBe(recordOf('inside', Buffer.from('5')));
});

test('a file that vanished since the stat is left out, and one behind a link that took a directory’s place is not read', async () => {
  makeFiles(place(), { 'real/d/secret': 'mine', 'outside/secret': 'not mine', 'real/v': 'v' });
  const shadow = await observe();
  fs.rmSync(place('real/v'));
  fs.rmSync(place('real/d'), { recursive: true });
  fs.symlinkSync(place('outside'), place('real/d'));
  expect(await sha(shadow)).toMatchObject({ files: 0, errors: [] });
  expect(branch(shadow).has('v')).toBe(false);
  expect(branch(shadow).has('d/secret')).toBe(false);
});

test('what cannot be read is listed and noted, keeps its last record, and is tried again', async () => {
  makeFiles(place('real'), { closed: 'before', fine: 'fine', never: 'never' });
  age('closed', 'fine', 'never');
  fs.mkdirSync(place('shadows'));
  giveToOrdinaryUser(place());
  fs.chmodSync(place('real/never'), 0o000);
  const shadow = await observe();
  giveToOrdinaryUser(place());
  const hash = (): { errors: unknown[]; files: number } => {
    const [file = '', ...args] = asOrdinaryUser([process.execPath, program('sha'), shadow.path]);
    const out = execFileSync(file, args, { encoding: 'utf8', env: { ...process.env, HOME: place() } });
    return JSON.parse(out) as { errors: unknown[]; files: number };
  };
  expect(hash()).toMatchObject({ files: 2, errors: [{ path: 'never', reason: 'EACCES' }] });
  fs.writeFileSync(place('real/closed'), 'longer than before');
  fs.chmodSync(place('real/closed'), 0o000);
  await stat(shadow);
  giveToOrdinaryUser(place());
  fs.chmodSync(place('real/fine'), 0o644);
  const second = hash();
  expect(second.errors).toEqual([
    { path: 'closed', reason: 'EACCES' },
    { path: 'never', reason: 'EACCES' },
  ]);
  const safe = ['-c', `safe.directory=${shadow.path}`];
  const show = (...args: string[]): string =>
    execFileSync('git', [...safe, '-C', shadow.path, ...args], { encoding: 'utf8' });
  expect(show('show', 'master-sha:closed')).toBe(recordOf('closed', Buffer.from('before')));
  expect(show('notes', 'show', 'master-sha')).toBe('EACCES never\n');
  fs.chmodSync(place('real/closed'), 0o644);
  fs.chmodSync(place('real/never'), 0o644);
  expect(hash()).toMatchObject({ files: 2, errors: [] });
  expect(show('show', 'master-sha:closed')).toBe(recordOf('closed', Buffer.from('longer than before')));
});

test('an interruption leaves the branch as it was, and what was hashed is not read again', async () => {
  fs.mkdirSync(place('real'));
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  for (let index = 0; index < 120; index += 1) {
    fs.writeFileSync(place('real', `f${index}`), megabyte);
    age(`f${index}`);
  }
  const shadow = await observe();
  const before = gitOf(shadow, 'rev-parse', 'master-sha');
  const stop = new AbortController();
  const done = sha(shadow, { signal: stop.signal, onProgress: ({ files }) => files > 0 && stop.abort() });
  await expect(done).rejects.toSatisfy((error) => error instanceof MizerError && error.code === 'E_INTERRUPTED');
  expect(gitOf(shadow, 'rev-parse', 'master-sha')).toBe(before);
  const { files } = await sha(shadow);
  expect(files).toBeLessThan(120);
  expect(files).toBeGreaterThan(0);
  const record = recordOf('f0', megabyte).slice('name: "f0"'.length);
  expect([...branch(shadow)].filter(([name]) => name.startsWith('f')).every(([, text]) => text.endsWith(record))).toBe(
    true,
  );
  expect(fs.existsSync(path.join(shadow.gitDir, 'fso/sha-journal'))).toBe(false);
});

test('killed at any moment the branch is a whole earlier state, and the next sha completes', async () => {
  fs.mkdirSync(place('real'));
  for (let index = 0; index < 300; index += 1)
    fs.writeFileSync(place('real', `f${index}`), Buffer.alloc(50_000, String(index)));
  const shadow = await observe();
  const states = new Set([gitOf(shadow, 'rev-parse', 'master-sha')]);
  for (const delay of [150, 220, 300, 400]) {
    const child = spawn(process.execPath, [program('sha'), shadow.path], { stdio: 'ignore' });
    const ended = once(child, 'close');
    await setTimeout(delay);
    child.kill('SIGKILL');
    await ended;
    states.add(gitOf(shadow, 'rev-parse', 'master-sha'));
    expect(gitOf(shadow, 'fsck', '--strict', '--no-dangling')).toBe('');
  }
  expect(states.size).toBeLessThanOrEqual(2);
  await sha(shadow);
  const kept = branch(shadow);
  for (const index of [0, 7, 299])
    expect(kept.get(`f${index}`)).toBe(recordOf(`f${index}`, Buffer.alloc(50_000, String(index))));
});

test('two at once: the second waits, or says so', async () => {
  makeFiles(place('real'), { f: 'x' });
  const shadow = await observe();
  const lock = await lockFile(path.join(shadow.gitDir, 'fso/sha.lock'));
  await expect(sha(shadow, { wait: false })).rejects.toMatchObject({ code: 'E_SHADOW_BUSY' });
  let waited = false;
  const second = sha(shadow, {
    onWait: () => {
      waited = true;
      void lock?.release();
    },
  });
  expect((await second).files).toBe(1);
  expect(waited).toBe(true);
});

test('without its own notes everything is read again, and the branch stays right', async () => {
  makeFiles(place('real'), { f: 'x', 'd/g': 'y' });
  age('f', 'd/g');
  const shadow = await observe();
  await sha(shadow);
  for (const hurt of ['', '{', '[1]']) {
    fs.writeFileSync(path.join(shadow.gitDir, 'fso/sha-base.json'), hurt);
    expect(await update(shadow)).toMatchObject({ unchanged: true, files: 2 });
    expect(await update(shadow)).toMatchObject({ unchanged: true, files: 0 });
  }
});
