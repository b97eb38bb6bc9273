import fs, { chmodSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { walkIn, type StackNode } from '../../src/contexts/layer-stack.js';
import { upperChanges } from '../../src/contexts/upper-changes.js';
import { removeTree } from '../../src/disk/remove-tree.js';
import type { Change, ChangeKind } from '../../src/model/change-set.js';
import { inNamespace, mounters } from './kernel-view.js';
import { layer, makeLayer } from './layers.js';

interface Seen {
  readonly kind: string;
  readonly mode: number;
  readonly content: string;
}

function seen({ entry, at }: StackNode): Seen {
  const link = entry.kind === 'symlink';
  const content = link ? readlinkSync(at, 'latin1') : entry.kind === 'file' ? readFileSync(at, 'latin1') : '';
  return { kind: entry.kind, mode: link ? 0 : entry.mode, content };
}

/** What became of each path, found by walking both trees whole. */
function differences(layers: readonly string[], upper: string): Map<string, ChangeKind> {
  const before = new Map([...walkIn(layers, '')].map((node) => [node.entry.path, seen(node)]));
  const after = new Map([...walkIn([upper, ...layers], '')].map((node) => [node.entry.path, seen(node)]));
  const kinds = new Map<string, ChangeKind>();
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === undefined) kinds.set(path, 'added');
    else if (now === undefined) kinds.set(path, 'deleted');
    else if (old.kind !== now.kind) kinds.set(path, 'retyped');
    else if (old.content !== now.content) kinds.set(path, 'modified');
    else if (old.mode !== now.mode) kinds.set(path, 'mode');
  }
  return kinds;
}

const summary = ({ path, kind }: Change): string => `${kind} ${path}`;

describe('what an upper directory changes', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(`${tmpdir()}/mizer-upper-`);
    chmodSync(root, 0o755);
  });
  // An overlay's own directories are closed even to who mounted it.
  afterAll(() => void removeTree(root));

  test('is what walking both trees whole finds, on random stacks', () => {
    const stacks = fc.sample(fc.tuple(layer, fc.array(layer, { minLength: 1, maxLength: 3 })), {
      numRuns: 150,
      seed: 11,
    });
    const found = new Map<string, number>();
    for (const [number, [upperNodes, layers]] of stacks.entries()) {
      const upper = `${root}/r${number}/upper`;
      makeLayer(upper, upperNodes);
      const stack = layers.map((nodes, depth) => {
        makeLayer(`${root}/r${number}/${depth}`, nodes);
        return `${root}/r${number}/${depth}`;
      });
      const changes = upperChanges(stack, upper).map(({ change }) => change);
      expect(new Map(changes.map(({ path, kind }) => [path, kind]))).toEqual(differences(stack, upper));
      expect(changes.map(({ path }) => path)).toEqual(changes.map(({ path }) => path).sort());
      for (const { kind } of changes) found.set(kind, (found.get(kind) ?? 0) + 1);
    }
    expect([...found.keys()].sort()).toEqual(['added', 'deleted', 'mode', 'modified', 'retyped']);
  });

  test.each(mounters)('is what programs did in a mounted context (as %s)', (who, mounter) => {
    const home = `${root}/${who.replaceAll(' ', '-')}`;
    const [base, upper] = [`${home}/base`, `${home}/upper`];
    for (const directory of [`${home}/mnt`, `${home}/work`, upper]) mkdirSync(directory, { recursive: true });
    makeLayer(base, [
      ['kept/a', { kind: 'file', content: '1', mode: 0o644 }],
      ['gone/deep/b', { kind: 'file', content: '1', mode: 0o644 }],
      ['again/old', { kind: 'file', content: '1', mode: 0o644 }],
      ['again/sub/old', { kind: 'file', content: '1', mode: 0o644 }],
      ['same', { kind: 'file', content: 'same', mode: 0o644 }],
      ['bits', { kind: 'file', content: '1', mode: 0o644 }],
      ['same-size', { kind: 'file', content: '1', mode: 0o644 }],
      ['to-directory', { kind: 'file', content: '1', mode: 0o644 }],
      ['to-file/x', { kind: 'file', content: '1', mode: 0o644 }],
      ['link', { kind: 'symlink', target: 'kept' }],
      ['moved/x', { kind: 'file', content: '1', mode: 0o644 }],
    ]);
    if (who === 'an ordinary user' && process.getuid?.() === 0) execFileSync('chown', ['-R', '1001:1001', home]);
    const script = `
      set -e; cd "$1"; umask 022
      mount -t overlay -o userxattr,lowerdir=base,upperdir=upper,workdir=work overlay mnt; cd mnt
      touch kept/a; rm -r gone; rm -r again; mkdir -p again/sub; echo new > again/new; echo new > again/sub/new
      touch same; cp same copy; cp --preserve=all same-size s; printf 2 > same-size; touch -r s same-size; rm s
      chmod 700 bits; rm to-directory; mkdir to-directory; echo y > to-directory/y; rm -r to-file; echo z > to-file
      ln -sfn again link; mv moved elsewhere; echo gitdir: /nowhere > .git; printf x > $'new\\nline\\xff'`;
    inNamespace(mounter, script, home);
    expect(upperChanges([base], upper).map(({ change }) => summary(change))).toEqual([
      'added again/new',
      'deleted again/old',
      'added again/sub/new',
      'deleted again/sub/old',
      'mode bits',
      'added copy',
      'added elsewhere',
      'added elsewhere/x',
      'deleted gone',
      'deleted gone/deep',
      'deleted gone/deep/b',
      'modified link',
      'deleted moved',
      'deleted moved/x',
      'added new\nline\xff',
      'modified same-size',
      'retyped to-directory',
      'added to-directory/y',
      'retyped to-file',
      'deleted to-file/x',
    ]);
  });

  test('says what both sides are, and nothing of any .git', () => {
    const [base, upper] = [`${root}/git/base`, `${root}/git/upper`];
    makeLayer(base, [
      ['f', { kind: 'file', content: '12345', mode: 0o644 }],
      ['sub/.git', { kind: 'file', content: 'gitdir: x', mode: 0o644 }],
      ['dropped/.git/HEAD', { kind: 'file', content: 'x', mode: 0o644 }],
    ]);
    makeLayer(upper, [
      ['f', { kind: 'file', content: '1', mode: 0o755 }],
      ['.git', { kind: 'file', content: 'gitdir: y', mode: 0o644 }],
      ['sub/.git', { kind: 'file', content: 'gitdir: y', mode: 0o644 }],
      ['new/.git/config', { kind: 'file', content: '', mode: 0o644 }],
      ['dropped', { kind: 'whiteout' }],
    ]);
    const directory = { kind: 'directory', mode: 0o755, size: 0 };
    expect(upperChanges([base], upper).map(({ change }) => change)).toEqual([
      { path: 'dropped', kind: 'deleted', before: directory, after: undefined },
      {
        path: 'f',
        kind: 'modified',
        before: { kind: 'file', mode: 0o644, size: 5 },
        after: { kind: 'file', mode: 0o755, size: 1 },
      },
      { path: 'new', kind: 'added', before: undefined, after: directory },
    ]);
  });

  test('lists the directories that the upper directory has, not those of the tree', () => {
    const [base, upper] = [`${root}/big/base`, `${root}/big/upper`];
    for (let directory = 0; directory < 100; directory += 1) mkdirSync(`${base}/d${directory}/e`, { recursive: true });
    makeLayer(upper, [['d5/f5', { kind: 'file', content: 'x', mode: 0o644 }]]);
    const listings = vi.spyOn(fs, 'readdirSync');
    syncBuiltinESMExports();
    try {
      upperChanges([base], upper);
      const ours = listings.mock.calls.length;
      expect([...walkIn([base], '')]).toHaveLength(200);
      const walk = listings.mock.calls.length - ours;
      expect([ours > 0, ours <= 4, walk >= 200]).toEqual([true, true, true]);
    } finally {
      listings.mockRestore();
      syncBuiltinESMExports();
    }
  });
});
