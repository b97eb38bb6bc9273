import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until, userKinds, World } from '../world.js';

describe.each(userKinds)('removing contexts, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ '.gitignore': 'out/\n', 'f.txt': 'one\n', 'bin.dat': 'x\u0000y\n' });
  });
  afterEach(() => world.clear());
  afterAll(() => world.end());
  const archives = (): { name: string; commit: string }[] =>
    world.json<{ archives: { name: string; commit: string }[] }>('archives').archives;

  it('drop refuses uncommitted work and commits on no branch, and drops what is saved elsewhere', () => {
    const make = (name: string, script: string): string => world.ok('run', `--keep=${name}`, 'sh', '-c', script);
    make('edited', 'echo edited > f.txt');
    make('untracked', 'echo new > new.txt');
    make('staged', 'echo s > s; git add s; rm s');
    make('detached', 'git checkout -q --detach; git commit -q --allow-empty -m nowhere');
    for (const name of ['edited', 'untracked', 'staged', 'detached']) {
      expect(world.refusal('drop', name)).toMatchObject({
        code: 'E_CONTEXT_DIRTY',
        hint: expect.stringContaining('--force') as string,
      });
      expect(Object.keys(world.contexts())).toContain(name);
    }
    world.host('echo dirty > f.txt; git add f.txt');
    make('like-host', 'git status > /dev/null; git update-index --refresh');
    world.ok('drop', 'like-host');
    world.host('git reset -q --hard');
    make('products', 'mkdir out; echo built > out/product');
    make('committed', 'git checkout -q -b saved; echo c > f.txt; git commit -qam saved');
    world.ok('drop', 'products', 'committed');
    expect(world.host('git show saved:f.txt')).toBe('c\n');
    expect(Object.keys(world.contexts()).sort()).toEqual(['detached', 'edited', 'staged', 'untracked']);
    expect(archives()).toEqual([]);
    world.ok('drop', '--force', 'detached', 'edited', 'staged', 'untracked');
    expect(world.contexts()).toEqual({});
    expect(
      archives()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['detached', 'edited', 'staged', 'untracked']);
    expect(world.host('git worktree list | wc -l; ls .git/worktrees 2>/dev/null || true')).toBe('1\n');
  });

  it('drop of several takes all or none', () => {
    world.ok('run', '--keep=clean', 'true');
    world.ok('run', '--keep=dirty', 'sh', '-c', 'echo edited > f.txt');
    expect(world.refusal('drop', 'clean', 'dirty').code).toBe('E_CONTEXT_DIRTY');
    expect(Object.keys(world.contexts()).sort()).toEqual(['clean', 'dirty']);
    world.ok('exec', 'dirty', 'git', 'checkout', '-q', '.');
    world.ok('drop', 'clean', 'dirty', 'clean');
    expect(world.contexts()).toEqual({});
  });

  it('drop refuses a context in use, and --force ends who is in it', async () => {
    world.ok('run', '--keep=used', 'true');
    const shell = world.shell('used');
    await shell.type('echo mine > f.txt');
    expect(world.refusal('drop', 'used')).toMatchObject({ code: 'E_CONTEXT_IN_USE' });
    expect(await shell.type('$MZR drop --force used 2>&1; echo $?; cat f.txt')).toMatch(
      /\[E_CONTEXT_IN_USE\].*\n[^0]\nmine\n$/s,
    );
    world.ok('drop', '--force', 'used');
    expect(world.contexts()).toEqual({});
    await shell.end('exit');
    expect(world.host('git show refs/mizer/archive/used:f.txt')).toBe('mine\n');
  });

  it('a run’s work is archived when nobody asked to keep it, and can be restored byte for byte', () => {
    world.ok(
      'run',
      '--',
      'sh',
      '-c',
      'echo changed > f.txt; printf "a\\0b" > bin.dat; mkdir -p d/e out; echo new > d/e/new; chmod +x f.txt; ln -s f.txt link; echo o > out/o; git rm -q --cached f.txt',
    );
    const [archive] = archives().filter(
      ({ name }) => !['detached', 'edited', 'staged', 'untracked', 'used'].includes(name),
    );
    expect(world.contexts()).toEqual({});
    expect(world.ok('archives')).toContain(archive?.name);
    const restored =
      'cat f.txt d/e/new; od -c bin.dat | head -1; readlink link; stat -c %a f.txt; ls out 2>&1 | grep -c o$; true';
    expect(world.ok('run', '--at', `refs/mizer/archive/${archive?.name}`, '--', 'sh', '-c', restored)).toBe(
      'changed\nnew\n0000000   a  \\0   b\nf.txt\n755\n0\n',
    );
    world.host('git gc -q --prune=now');
    expect(world.host(`git show ${archive?.commit}:d/e/new; git status --short`)).toBe('new\n');
    const before = archives().length;
    world.ok(
      'run',
      '--',
      'sh',
      '-c',
      'mkdir -p out; echo o > out/o; git commit -q --allow-empty -m x; git branch kept-by-branch',
    );
    world.ok('run', '--', 'cat', 'f.txt');
    expect(archives()).toHaveLength(before);
  });

  it('nothing of a context is left on disk when it is dropped', async () => {
    world.ok('run', '--keep=gone', 'sh', '-c', 'mkdir d; echo x > d/x');
    const parts = 'ls -A .git/mizer/contexts .git/worktrees; find "$XDG_STATE_HOME/mizer/hub" -mindepth 2 -maxdepth 2';
    expect(world.host(parts)).toMatch(/gone.*mizer-gone.*\/gone\n/s);
    world.ok('drop', '--force', 'gone');
    expect(world.host(`{ ${parts}; } | grep gone || true`)).toBe('');
    await until(() => world.host('ls -A .git/mizer/trash') === '', 'the trash is emptied');
  });

  it('list and show say the truth about a context, also to programs', async () => {
    world.ok(
      'run',
      '--keep=shown',
      '--branch',
      'shown',
      'sh',
      '-c',
      'mkdir out; head -c 300000 /dev/urandom > out/big; echo x > f.txt; rm bin.dat',
    );
    const shell = world.shell('shown');
    const pid = (await shell.type('sleep 300 & echo $!')).trim();
    expect(world.contexts()['shown']).toMatchObject({
      hidden: false,
      live: false,
      branch: 'shown',
      head: world.host('git rev-parse HEAD').trim(),
      sessions: 1,
      processes: 2,
      paused: false,
      current: false,
    });
    const details = world.details('shown');
    expect(details).toMatchObject({ workTree: world.tree, changes: 4, share: [], limits: {} });
    expect(details.running).toContainEqual({ pid: Number(pid), command: 'sleep 300' });
    expect(details.lineage[0]).toBe(details.base);
    expect(details.bytes).toBeGreaterThan(300_000);
    expect(details.bytes).toBeLessThan(400_000);
    expect(JSON.parse(await shell.type('$MZR list --json'))).toMatchObject({
      contexts: [{ name: 'shown', current: true }],
    });
    expect(world.ok('list')).toMatch(/shown +shown/);
    expect(world.ok('show', 'shown')).toContain('sleep 300');
    expect(world.refusal('show', 'shwon')).toMatchObject({ code: 'E_CONTEXT_UNKNOWN' });
    expect(world.ok('stop', 'shown')).toContain('2');
    expect(world.contexts()['shown']).toMatchObject({ sessions: 0, processes: 0 });
    await shell.end('exit');
    world.ok('drop', '--force', 'shown');
  });

  it('what runs is hidden from list without --all, and goes', async () => {
    const run = world.background([...world.command, 'run', '--', 'sh', '-c', 'echo ready; read -r _']);
    await run.says('ready');
    expect(world.json('list')).toMatchObject({ contexts: [] });
    expect(Object.values(world.contexts())).toMatchObject([{ hidden: true, sessions: 1 }]);
    run.child.stdin.end();
    await run.ended();
    expect(world.contexts()).toEqual({});
  });
});
