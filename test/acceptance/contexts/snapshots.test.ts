import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotInfo } from '../../../src/protocol/messages.js';
import { userKinds, World } from '../world.js';

describe.each(userKinds)('snapshots, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ '.gitignore': 'out/\n', 'f.txt': 'one\n', 'g.txt': 'g\n' });
    world.host('mkdir out; echo built > out/product');
  });
  afterAll(() => world.end());
  const state = 'cat f.txt; ls; ls out; cat out/*; git status --short; git diff --cached --name-only';

  it('hold a context as it was, also its index, and a rewind goes back there and can itself be rewound', () => {
    world.ok(
      'run',
      '--keep=a',
      'sh',
      '-c',
      'echo a > f.txt; git add f.txt; rm g.txt; echo a > out/product; mkdir sub; echo deep > sub/x',
    );
    const before = world.inside('a', state);
    const { id } = world.json<SnapshotInfo>('snapshot', '--of', 'a');
    world.inside(
      'a',
      'git reset -q; echo worse > f.txt; git checkout -q g.txt; rm -r out sub; mkdir out; echo other > out/o; echo x > sub',
    );
    const worse = world.inside('a', state);
    const rewound = world.json<{ before: SnapshotInfo }>('rewind', 'a', id);
    expect(world.inside('a', state)).toBe(before);
    world.ok('rewind', 'a', rewound.before.id);
    expect(world.inside('a', state)).toBe(worse);
    world.ok('rewind', 'a', id);
    expect(world.inside('a', state)).toBe(before);
    expect(world.host(state)).toBe('one\nf.txt\ng.txt\nout\nproduct\nbuilt\n');
    expect(world.details('a').snapshots.map((snapshot) => snapshot.of)).toEqual(['a', 'a', 'a', 'a']);
  });

  it('are forked with the commit and the index they were taken with', () => {
    world.ok(
      'run',
      '--keep=ahead',
      'sh',
      '-c',
      'git checkout -q -b ahead; echo c > f.txt; git commit -qam ahead; echo s > staged; git add staged',
    );
    const look = 'git log -1 --format=%s; git status --short; cat f.txt';
    const then = world.inside('ahead', look);
    const { id } = world.json<SnapshotInfo>('snapshot', '--of', 'ahead');
    world.inside('ahead', 'git commit -qm later; echo later > f.txt');
    expect(world.ok('run', '--from', id, '--', 'sh', '-c', look)).toBe(then);
    world.ok('drop', '--force', 'ahead');
  });

  it('go when they are dropped with --force, their refs too, as soon as nothing stands on them', () => {
    world.ok('run', '--keep=held', 'sh', '-c', 'echo held > f.txt; git add f.txt');
    const [one, two] = [1, 2].map(() => world.json<SnapshotInfo>('snapshot', '--of', 'held').id);
    if (one === undefined || two === undefined) throw new Error('No snapshots.');
    const known = (): string[] =>
      world.json<{ snapshots: SnapshotInfo[] }>('snapshots').snapshots.map((snapshot) => snapshot.id);
    const refs = (): string => world.host('git for-each-ref --format="%(refname)" refs/mizer/snapshot');
    expect(world.refusal('drop', one)).toMatchObject({
      code: 'E_SNAPSHOT_KEPT',
      hint: expect.stringContaining(`mzr drop --force ${one}`) as string,
    });
    world.ok('run', '--keep=copy', '--from', two, '--', 'true');
    const host = world.json<SnapshotInfo>('snapshot').id;
    world.ok('run', '--keep=upon', '--from', host, '--', 'true');
    world.host('echo later > note');
    world.ok('run', '--keep=later', 'true');
    world.ok('drop', '--force', one, two, host);
    world.ok('gc');
    expect([one, two, host].map((id) => known().includes(id))).toEqual([false, false, true]);
    expect(refs()).not.toMatch(new RegExp([one, two, host].join('|')));
    expect([world.inside('copy', 'cat f.txt'), world.inside('upon', 'cat f.txt')]).toEqual(['held\n', 'one\n']);
    expect(world.refusal('drop', '--force', host).code).toBe('E_CONTEXT_UNKNOWN');
    world.ok('drop', '--force', 'upon', 'later', 'copy', 'held');
    world.host('rm note');
    world.ok('gc');
  });

  it('are not changed by what happens afterwards, and are listed with their lineage', () => {
    const first = world.json<SnapshotInfo>('snapshot');
    world.host('echo two > f.txt; echo later > out/later; rm g.txt');
    const second = world.json<SnapshotInfo>('snapshot');
    const listed = world.json<{ snapshots: SnapshotInfo[] }>('snapshots').snapshots;
    expect(listed.find(({ id }) => id === second.id)?.below).toBe(first.id);
    expect(world.ok('snapshots')).toContain(second.id);
    expect(world.ok('run', '--from', first.id, '--', 'sh', '-c', 'cat f.txt; ls out')).toBe('one\nproduct\n');
    expect(world.ok('run', '--from', second.id, '--', 'sh', '-c', 'cat f.txt; ls out')).toBe('two\nlater\nproduct\n');
    world.host('git checkout -q f.txt g.txt; rm out/later');
    expect(world.ok('run', '--', 'sh', '-c', 'cat f.txt; ls out')).toBe('one\nproduct\n');
  });

  it('of the host view are forked with the commit they were taken at', () => {
    world.host('echo edited > f.txt');
    const look = 'git log -1 --format=%s; git status --short; cat f.txt';
    const then = world.host(look);
    const { id } = world.json<SnapshotInfo>('snapshot');
    world.host('git commit -qam moved; echo again > f.txt');
    expect(world.ok('run', '--from', id, '--', 'sh', '-c', look)).toBe(then);
    world.host('git reset -q --hard HEAD~1; git reflog expire --expire=now --all; git gc -q --prune=now');
    expect(world.ok('run', '--from', id, '--', 'sh', '-c', look)).toBe(then);
  });

  it('lose nothing to git gc: what is staged only there, conflicts included, and what HEAD was there', () => {
    const conflict = 'git checkout -q --detach; echo mine > f.txt; git commit -qam mine; m=$(git rev-parse HEAD)';
    const merge =
      'git checkout -q -b other HEAD~1; echo theirs > f.txt; git commit -qam theirs; git merge -q $m >/dev/null';
    world.ok('run', '--keep=c', 'sh', '-c', `${conflict}; ${merge}; echo staged > s; git add s; rm s`);
    const look = 'git ls-files -s; git show :s; git show :2:f.txt; git show :3:f.txt; git log -1 --format=%s';
    const then = world.inside('c', look);
    expect(then).toContain('staged\ntheirs\nmine\ntheirs\n');
    const { id } = world.json<SnapshotInfo>('snapshot', '--of', 'c');
    world.inside('c', 'git reset -q --hard; git checkout -q --detach HEAD~1; git branch -qD other');
    world.host('rm -rf .git/logs .git/worktrees/*/logs; git gc -q --prune=now');
    expect(world.ok('run', '--from', id, '--', 'sh', '-c', look)).toBe(then);
    expect(world.host('git fsck 2>&1 | grep -v dangling || true')).toBe('');
  });

  it('are no way into another context, nor out of one in use', async () => {
    world.ok('run', '--keep=b', 'true');
    const { id } = world.json<SnapshotInfo>('snapshot', '--of', 'a');
    expect(world.refusal('rewind', 'b', id).code).toBe('E_SNAPSHOT_FOREIGN');
    expect(world.refusal('rewind', 'a', 'nothing').code).toBe('E_SNAPSHOT_UNKNOWN');
    const shell = world.shell('a');
    await shell.type('true');
    expect(world.refusal('rewind', 'a', id).code).toBe('E_CONTEXT_IN_USE');
    await shell.end('exit');
  });
});

describe.each(userKinds)('promote, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({
      '.gitignore': 'out/\n',
      'in.txt': 'one\n',
      Makefile: 'out/product: in.txt\n\t@mkdir -p out; echo building; cp in.txt out/product\n',
    });
  });
  afterAll(() => world.end());

  it('banks a green build: new forks have it and rebuild nothing, the host view and other contexts are as they were', () => {
    world.ok('run', '--keep=before', 'true');
    expect(world.ok('run', '--keep=green', 'make', '-s')).toBe('building\n');
    const banked = world.json<SnapshotInfo>('promote', 'green');
    expect(banked.promoted).toBe(true);
    expect(world.ok('run', '--', 'sh', '-c', 'make -s; cat out/product; git status --short')).toBe('one\n');
    expect(world.host('ls')).toBe('Makefile\nin.txt\n');
    expect(world.inside('before', 'ls')).toBe('Makefile\nin.txt\n');
    world.host('echo unrelated > note');
    expect(world.ok('run', '--', 'sh', '-c', 'make -s; ls; echo edited > in.txt; make -s')).toBe(
      'Makefile\nin.txt\nnote\nout\nbuilding\n',
    );
    world.ok('gc');
    expect(world.ok('run', 'make', '-s')).toBe('');
  });

  it('banks a product that was made again and came out the same: it is newer than its source', () => {
    world.host('touch in.txt');
    expect(world.ok('run', '--keep=again', 'make', '-s')).toBe('building\n');
    expect(world.ok('run', 'make', '-s')).toBe('building\n');
    world.ok('promote', 'again');
    expect(world.ok('run', 'make', '-s')).toBe('');
  });

  it('is refused when sources differ, on either side, for the products would pass for up to date', () => {
    world.ok('run', '--keep=edited', 'sh', '-c', 'echo edited > in.txt; make -s');
    expect(world.refusal('promote', 'edited')).toMatchObject({
      code: 'E_PROMOTE_STALE',
      message: expect.stringContaining('in.txt') as string,
    });
    world.ok('run', '--keep=stale', 'sh', '-c', 'touch out/product; echo x > out/more');
    world.host('echo moved on > in.txt');
    expect(world.refusal('promote', 'stale').code).toBe('E_PROMOTE_STALE');
    expect(world.ok('run', '--', 'sh', '-c', 'make -s; cat out/product; ls out')).toBe('building\nmoved on\nproduct\n');
    world.host('git checkout -q in.txt');
    world.ok('run', '--keep=empty', 'true');
    expect(world.refusal('promote', 'empty').code).toBe('E_PROMOTE_NOTHING');
  });
});
