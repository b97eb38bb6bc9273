import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  eachEntry,
  meaningOf,
  parseIndex,
  relocateUntrackedCache,
  restat,
  withExtensions,
  withoutCaches,
} from '../../src/git/index-file.js';
import { git, gitWith, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';
import { copyLayer, statIn } from './context-world.js';

const { root } = makeWorld();

/** Everything that makes entries differ: lengths around the padding, bytes that are no text, stages, bits that people set. */
function makeVaried(name: string, ...init: readonly string[]): string {
  const workTree = path.join(root, name);
  git(root, 'init', '-q', '-b', 'main', ...init, name);
  const names = Array.from({ length: 20 }, (_, length) => `dir/${'n'.repeat(length + 1)}`);
  writeFiles(workTree, Object.fromEntries(names.map((one) => [one, one])));
  writeFileSync(Buffer.concat([Buffer.from(`${workTree}/`), Buffer.from([0x62, 0xff, 0x0a, 0x62])]), 'bytes');
  writeFiles(workTree, { größe: 'ü', exe: { executable: 'x' }, link: { link: 'exe' }, same: 'same', ita: 'ita' });
  git(workTree, 'add', '-A', ':!ita');
  git(workTree, 'commit', '-qm', 'first');
  git(workTree, 'add', '-N', 'ita');
  git(workTree, 'update-index', '--skip-worktree', 'dir/nn');
  git(workTree, 'update-index', '--assume-unchanged', 'dir/nnn');
  return workTree;
}

const kinds: readonly (readonly [string, readonly string[], string])[] = [
  ['version 2 and 3', [], '2'],
  ['version 4', [], '4'],
  ['SHA-256', ['--object-format=sha256'], '2'],
  ['SHA-256 in version 4', ['--object-format=sha256'], '4'],
];

describe.each(kinds)('an index of %s', (kind, init, version) => {
  const name = kind.replaceAll(' ', '-');
  const hash = kind.startsWith('SHA-256') ? 'sha256' : 'sha1';

  it('is read as git reads it and written as git wrote it', () => {
    const workTree = makeVaried(name, ...init);
    git(workTree, 'update-index', '--index-version', version);
    const bytes = readFileSync(path.join(workTree, '.git/index'));
    const index = parseIndex(bytes, hash);
    const listed: string[] = [];
    eachEntry(index, (treePath) => listed.push(treePath));
    const expected = execFileSync('git', ['ls-files', '-z'], { cwd: workTree, encoding: 'latin1' })
      .split('\0')
      .slice(0, -1);
    expect(listed).toEqual(expected);
    expect(withExtensions(index, index.extensions).equals(bytes)).toBe(true);
  });

  it('made right for a copy of the tree spares git every unchanged file and hides no change', () => {
    const workTree = makeVaried(`${name}-restat`, ...init);
    git(workTree, 'update-index', '--index-version', version);
    const past = Date.now() / 1000 - 100;
    for (const file of ['same', 'exe']) utimesSync(path.join(workTree, file), past, past);
    git(workTree, 'update-index', '-q', '--refresh');
    writeFiles(workTree, { 'dir/nnnn': 'CHANGED', new: 'new' });
    const layer = path.join(root, `${name}-layer`);
    copyLayer(workTree, layer);
    const file = path.join(workTree, '.git/index');
    const options = {
      host: statIn(workTree),
      layer: statIn(layer),
      indexMtimeNs: statSync(file, { bigint: true }).mtimeNs,
    };
    const result = restat(parseIndex(readFileSync(file), hash), options);
    expect(result.clean).toBeGreaterThan(0);
    const made = path.join(root, `${name}-made`);
    writeFileSync(made, result.bytes);
    const inLayer = [`--git-dir=${workTree}/.git`, `--work-tree=${layer}`];
    const status = gitWith(
      { GIT_INDEX_FILE: made, GIT_OPTIONAL_LOCKS: '0' },
      layer,
      ...inLayer,
      'status',
      '--porcelain',
    );
    expect(status).toBe(git(workTree, 'status', '--porcelain'));
    // Content of the same length behind git's back: only a look into the file would tell.
    const { atime, mtime } = statSync(path.join(layer, 'same'));
    writeFileSync(path.join(layer, 'same'), 'SAME');
    utimesSync(path.join(layer, 'same'), atime, mtime);
    chmodSync(path.join(layer, 'same'), 0o644);
    const trust = ['-c', 'core.trustctime=false'];
    const seen = gitWith(
      { GIT_INDEX_FILE: made, GIT_OPTIONAL_LOCKS: '0' },
      layer,
      ...trust,
      ...inLayer,
      'status',
      '--porcelain',
    );
    expect(seen).toBe(status);
    expect(gitWith({ GIT_INDEX_FILE: made }, layer, ...inLayer, 'fsck', '--no-dangling')).toBe('');
  });
});

describe('making an index right', () => {
  it('believes no entry as young as the index itself, and none that describes another file', () => {
    const workTree = makeRepository(path.join(root, 'racy'), { a: 'a', b: 'b' });
    const file = path.join(workTree, '.git/index');
    const index = parseIndex(readFileSync(file), 'sha1');
    const stat = statIn(workTree);
    const mtimeNs = statSync(path.join(workTree, 'a'), { bigint: true }).mtimeNs;
    expect(restat(index, { host: stat, layer: stat, indexMtimeNs: mtimeNs + 10_000_000n }).clean).toBe(0);
    const later = mtimeNs + 10_000_000_000n;
    expect(restat(index, { host: stat, layer: stat, indexMtimeNs: later }).clean).toBe(2);
    const other = (treePath: string) => {
      const found = stat(treePath);
      return found && { ...found, ino: found.ino + 1 };
    };
    expect(restat(index, { host: other, layer: stat, indexMtimeNs: later }).clean).toBe(0);
    const absent = restat(index, {
      host: stat,
      layer: (one) => (one === 'a' ? undefined : stat(one)),
      indexMtimeNs: later,
    });
    expect(absent).toMatchObject({ present: ['b'], clean: 1 });
  });

  it('keeps the cached trees and drops what git remembers of another place', () => {
    const workTree = makeRepository(path.join(root, 'caches'), { 'd/a': 'a' });
    git(workTree, 'update-index', '--untracked-cache');
    git(workTree, 'status');
    const index = parseIndex(readFileSync(path.join(workTree, '.git/index')), 'sha1');
    expect(index.extensions.map(({ signature }) => signature)).toEqual(['TREE', 'UNTR']);
    expect(parseIndex(withoutCaches(index), 'sha1').extensions.map(({ signature }) => signature)).toEqual(['TREE']);
  });

  it('lets git believe an untracked cache at another path, and only there', () => {
    const workTree = makeRepository(path.join(root, 'place'), { a: 'a' });
    git(workTree, 'update-index', '--untracked-cache');
    git(workTree, 'status');
    const elsewhere = path.join(root, `elsewhere-${'x'.repeat(100)}`);
    git(root, 'clone', '-q', workTree, elsewhere);
    const file = path.join(elsewhere, '.git/index');
    copyFileSync(path.join(workTree, '.git/index'), file);
    const disabled = (): boolean => {
      const trace = path.join(root, 'trace');
      writeFileSync(trace, '');
      gitWith({ GIT_TRACE2_EVENT: trace, GIT_OPTIONAL_LOCKS: '0' }, elsewhere, 'status');
      return readFileSync(trace, 'utf8').includes('untracked cache is disabled');
    };
    expect(disabled()).toBe(true);
    const moved = relocateUntrackedCache(parseIndex(readFileSync(file), 'sha1'), elsewhere);
    writeFileSync(file, moved);
    expect(disabled()).toBe(false);
  });

  it('keeps the table that lets git read a large index with several threads', () => {
    const workTree = makeRepository(path.join(root, 'threads'), { a: 'a' });
    git(
      workTree,
      '-c',
      'index.recordEndOfIndexEntries=true',
      '-c',
      'index.recordOffsetTable=true',
      'update-index',
      '--force-write-index',
    );
    const bytes = readFileSync(path.join(workTree, '.git/index'));
    const index = parseIndex(bytes, 'sha1');
    expect(index.extensions.map(({ signature }) => signature)).toContain('EOIE');
    expect(withExtensions(index, index.extensions).equals(bytes)).toBe(true);
    const fewer = withExtensions(
      index,
      index.extensions.filter(({ signature }) => signature !== 'TREE'),
    );
    writeFileSync(path.join(workTree, '.git/index'), fewer);
    expect(git(workTree, '-c', 'index.threads=2', 'status', '--porcelain')).toBe('');
  });

  it('refuses a torn or strange index', () => {
    const workTree = makeRepository(path.join(root, 'corrupt'), { a: 'a' });
    const bytes = readFileSync(path.join(workTree, '.git/index'));
    const flipped = Buffer.from(bytes);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    const strange = Buffer.from(bytes);
    strange.writeUInt32BE(9, 4);
    const counted = Buffer.from(bytes);
    counted.fill(0, counted.length - 20);
    counted.writeUInt32BE(1000, 8);
    const cases = [
      Buffer.alloc(0),
      bytes.subarray(0, 40),
      bytes.subarray(0, bytes.length - 1),
      flipped,
      strange,
      counted,
    ];
    for (const bad of cases)
      expect(() => parseIndex(bad, 'sha1')).toThrow(expect.objectContaining({ code: 'E_INDEX_CORRUPT' }));
  });

  it('tells what an index means from what it remembers', () => {
    const workTree = makeRepository(path.join(root, 'meaning'), { a: 'a', b: 'b' });
    const meaning = (): string => meaningOf(parseIndex(readFileSync(path.join(workTree, '.git/index')), 'sha1'));
    const seen = [meaning()];
    utimesSync(path.join(workTree, 'a'), 1, 1);
    git(workTree, 'update-index', '--refresh');
    expect(meaning()).toBe(seen[0]);
    for (const args of [
      ['--chmod=+x', 'a'],
      ['--skip-worktree', 'a'],
      ['--assume-unchanged', 'b'],
      ['--force-remove', 'b'],
    ]) {
      git(workTree, 'update-index', ...args);
      expect(seen).not.toContain(meaning());
      seen.push(meaning());
    }
  });
});
