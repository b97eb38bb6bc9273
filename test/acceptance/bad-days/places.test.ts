import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

describe.each(userKinds)('a work tree that was moved, copied or deleted, as %s', (user) => {
  let world: World;
  let other: string;
  beforeEach(() => {
    world = new World(user);
    other = path.join(world.root, 'other');
    world.repository({ 'a.txt': 'first\n', '.gitignore': 'out\n' });
    world.ok('run', '--keep=one', '--', 'sh', '-c', 'echo one > a.txt; mkdir out; echo built > out/o');
  });
  afterEach(() => world.end());

  /** Runs a script in a context of the tree at `at`. */
  const inside = (at: string, context: string, script: string): string => {
    const { status, out, err } = world.mzr(['exec', context, '--', 'sh', '-c', script], { cwd: at });
    if (status !== 0) throw new Error(`${script}: ${err}`);
    return out;
  };
  const look = 'cat a.txt out/o; git status --short; git rev-parse --show-toplevel';

  it.each(['while its contexts are mounted', 'while nothing is mounted'])(
    'keeps its contexts when it is moved %s',
    async (when) => {
      if (when === 'while nothing is mounted') world.ok('daemon', 'stop');
      fs.renameSync(world.tree, other);
      expect(inside(other, 'one', look)).toBe(`one\nbuilt\n M a.txt\n${other}\n`);
      inside(other, 'one', 'git commit -qam moved');
      expect(world.host('git log --all --format=%s; git fsck --no-dangling', other)).toContain('first');
      expect(world.mzr(['run', '--keep=two', '--', 'cat', 'a.txt'], { cwd: other }).out).toBe('first\n');
      // Once more with a daemon that remembers nothing.
      expect(world.mzr(['daemon', 'stop', '--force'], { cwd: other }).status).toBe(0);
      expect(inside(other, 'one', 'cat a.txt; git log -1 --format=%s; git status --short')).toBe('one\nmoved\n');
      expect(await leftovers(world, ['one', 'two'], other)).toEqual([]);
      fs.renameSync(other, world.tree);
      expect(inside(world.tree, 'one', 'cat a.txt; git log -1 --format=%s; git status --short')).toBe('one\nmoved\n');
      expect(await leftovers(world, ['one', 'two'])).toEqual([]);
    },
  );

  it('does not mix the contexts of a copy with those of the original', async () => {
    // The kernel keeps a directory without permissions in each context's work directory, which no ordinary user can look into.
    world.host('cp -a tree other 2> complaints || test "$(grep -vc work/work complaints)" = 0', world.root);
    expect(inside(other, 'one', look)).toBe(`one\nbuilt\n M a.txt\n${other}\n`);
    inside(other, 'one', 'echo copy > a.txt; git add a.txt; git commit -qm of-the-copy');
    expect(inside(world.tree, 'one', look)).toBe(`one\nbuilt\n M a.txt\n${world.tree}\n`);
    inside(
      world.tree,
      'one',
      'echo original > new.txt; git checkout -qb topic; git add -A; git commit -qm of-the-original',
    );
    expect(
      inside(other, 'one', 'cat a.txt; ls; git log -1 --format=%s; git branch --format="%(refname:short)"'),
    ).not.toContain('topic');
    expect(inside(other, 'one', 'cat a.txt; ls; git log -1 --format=%s')).toBe('copy\na.txt\nout\nof-the-copy\n');
    expect(world.mzr(['drop', '--force', 'one'], { cwd: other }).status).toBe(0);
    expect(inside(world.tree, 'one', 'cat new.txt; git log -1 --format=%s; git fsck')).toBe(
      'original\nof-the-original\n',
    );
    expect(await leftovers(world, [], other)).toEqual([]);
    expect(await leftovers(world, ['one'])).toEqual([]);
  });

  it('lets sessions live on when the work tree is deleted, serves other trees, and starts anew at the same path', async () => {
    const shell = world.shell('one');
    expect(await shell.type('cat a.txt')).toBe('one\n');
    fs.rmSync(world.tree, { recursive: true });
    world.repository({ 'b.txt': 'other\n' }, makeDirectory(world, 'other'));
    expect(world.mzr(['run', '--', 'cat', 'b.txt'], { cwd: other }).out).toBe('other\n');
    expect(await shell.type('echo still here')).toBe('still here\n');
    world.repository({ 'a.txt': 'anew\n' }, makeDirectory(world, 'tree'));
    expect(world.ok('run', '--keep=one', '--', 'sh', '-c', 'cat a.txt; echo 2 > a.txt')).toBe('anew\n');
    expect(Object.keys(world.contexts())).toEqual(['one']);
    await shell.end('exit');
    expect(inside(world.tree, 'one', 'cat a.txt; git status --short')).toBe('2\n M a.txt\n');
    expect(await leftovers(world, ['one'])).toEqual([]);
  });

  it('mends what git worktree prune, remove and unlock by the user take away, and lists sanely meanwhile', async () => {
    const list = (): string => world.host('git worktree list --porcelain');
    expect(list()).toMatch(/^worktree \S+\/tree\n[^]*worktree \S+\/hub\/\S+\/one\n[^]*locked A context of mizer/);
    world.host('git worktree prune --expire=now; git gc -q --prune=now');
    expect(inside(world.tree, 'one', look)).toBe(`one\nbuilt\n M a.txt\n${world.tree}\n`);
    expect(list()).toContain('/one\n');

    for (const stopped of [true, false]) {
      if (stopped) world.ok('daemon', 'stop');
      const listed = /^worktree (\S+\/one)$/m.exec(list())?.[1] ?? '';
      world.start(['git', 'worktree', 'remove', '--force', '--force', listed]);
      world.start(['git', 'worktree', 'unlock', listed]);
      world.host('git worktree prune --expire=now; rm -rf .git/worktrees/mizer-one');
      expect(inside(world.tree, 'one', look)).toBe(`one\nbuilt\n M a.txt\n${world.tree}\n`);
    }
    expect(list()).toContain('locked A context of mizer');
    expect(world.mzr(['exec', 'one', '--', 'git', 'worktree', 'list']).out.split('\n')).toHaveLength(3);
    expect(await leftovers(world, ['one'])).toEqual([]);
  });
});

function makeDirectory(world: World, name: string): string {
  world.host(`mkdir ${name}`, world.root);
  return path.join(world.root, name);
}
