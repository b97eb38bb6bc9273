import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';

describe.each(userKinds)('a directory that is no git repository, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.write({ 'f.txt': 'first\n', 'dir/g.txt': 'g\n' });
  });
  afterAll(() => world.end());

  it('is a work tree only after mzr init', () => {
    expect(world.refusal('run', '--', 'true').code).toBe('E_NO_WORK_TREE');
    expect(world.json('init', world.tree)).toMatchObject({ workTree: world.tree, git: false });
    expect(world.ok('run', '--', 'cat', 'f.txt')).toBe('first\n');
    world.ok('init');
  });

  it('forks, runs, keeps, shows, differs and applies without git', async () => {
    expect(
      world.ok('run', '--keep=a', 'sh', '-c', 'echo changed > f.txt; rm dir/g.txt; echo new > dir/new; ls -A; pwd'),
    ).toBe(`dir\nf.txt\n${world.tree}\n`);
    expect(world.host('cat f.txt dir/g.txt; ls dir')).toBe('first\ng\ng.txt\n');
    expect(world.ok('diff', 'a', '--name-status')).toBe('D\tdir/g.txt\nA\tdir/new\nM\tf.txt\n');
    expect(world.ok('diff', 'a', '--patch', 'f.txt')).toContain('-first\n+changed\n');
    const shell = world.shell('a');
    expect(await shell.type('cat f.txt; $MZR switch b 2>/dev/null; echo $?')).not.toContain('changed\n0\n');
    await shell.end('exit');
    expect(world.mzr(['apply', 'a', '--dry-run']).status).toBe(0);
    expect(world.read('f.txt')).toBe('first\n');
    world.ok('apply', 'a');
    expect(world.host('cat f.txt dir/new; ls dir')).toBe('changed\nnew\nnew\n');
  });

  it('forks the forks, takes snapshots and goes back to them', () => {
    world.ok('run', '--from', 'a', '--keep=b', 'sh', '-c', 'echo b > only-b');
    const { id } = world.json<{ id: string }>('snapshot', '--of', 'b');
    world.inside('b', 'echo later > only-b');
    world.ok('rewind', 'b', id);
    expect(world.inside('b', 'cat only-b f.txt')).toBe('b\nchanged\n');
  });

  it('drops, and refuses to drop what is not applied', () => {
    expect(world.refusal('drop', 'b').code).toBe('E_CONTEXT_DIRTY');
    world.ok('drop', '--force', 'b');
    expect(Object.keys(world.contexts())).toEqual(['a']);
  });

  it('says of what needs git that it needs git', () => {
    for (const args of [
      ['run', '--branch', 'x', '--', 'true'],
      ['run', '--at', 'x', '--', 'true'],
      ['run', '--clean', '--', 'true'],
      ['promote', 'a'],
    ]) {
      expect(world.refusal(...args).code).toBe('E_NEEDS_GIT');
    }
  });
});
