import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';

describe.each(userKinds)('options that make a context, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ '.gitignore': 'out/\n', 'f.txt': 'one\n', 'old.txt': 'old\n', 'shared/s.txt': 'shared\n' });
    world.host(
      'echo two > f.txt; git rm -q old.txt; echo new > new.txt; git add .; git commit -qm second; mkdir out; echo built > out/product; echo note > untracked',
    );
    world.ok(
      'run',
      '--keep=parent',
      '--branch',
      'topic',
      'sh',
      '-c',
      'echo p > f.txt; rm new.txt; echo p > out/product; echo s > staged; git add staged; git commit -qm topic staged; git add f.txt',
    );
  });
  afterAll(() => world.end());
  const run = (options: readonly string[], script: string): string =>
    world.ok('run', ...options, '--', 'sh', '-c', script);

  it('--at: the tracked files of a commit, the build products of the host view', () => {
    expect(run(['--at', 'main~1'], 'cat f.txt; ls; cat out/product; git status --short; git log -1 --format=%s')).toBe(
      'one\nf.txt\nold.txt\nout\nshared\nbuilt\nfirst\n',
    );
    expect(world.refusal('run', '--at', 'nowhere', '--', 'true').code).toBe('E_REV_UNKNOWN');
    expect(world.host('cat f.txt; git status --short')).toBe('two\n?? untracked\n');
  });

  it('--clean: tracked files only', () => {
    world.host('echo edited > f.txt');
    expect(run(['--clean'], 'cat f.txt; ls; git status --short --ignored')).toBe('two\nf.txt\nnew.txt\nshared\n');
    expect(run(['--clean', '--at', 'HEAD~1'], 'ls; git status --short --ignored')).toBe('f.txt\nold.txt\nshared\n');
    expect(world.host('git status --short --ignored; git checkout -q f.txt')).toBe(' M f.txt\n?? untracked\n!! out/\n');
  });

  it('--live: edits of untouched files shine through, what the context wrote is its own, and list says that it is live', () => {
    world.ok('run', '--live', '--keep=live', 'sh', '-c', 'echo own > new.txt');
    world.host('printf "in place\\n" > f.txt; echo edited > new.txt');
    expect(world.inside('live', 'cat f.txt new.txt out/product')).toBe('in place\nown\nbuilt\n');
    world.inside('live', 'rm f.txt; echo x > made');
    expect(world.host('cat f.txt new.txt; ls made 2>&1 || true; git checkout -q f.txt new.txt')).toMatch(
      /^in place\nedited\n.*No such file/,
    );
    expect(world.contexts()['live']).toMatchObject({ live: true });
    expect(world.contexts()['live']).not.toHaveProperty('base');
    expect(world.ok('list')).toMatch(/live.*\blive\b/);
    expect(world.refusal('snapshot', '--of', 'live').code).toBe('E_SNAPSHOT_LIVE');
    world.ok('drop', '--force', 'live');
  });

  it('--from of a live context: what it shows now, steady from then on; a run inside it too', () => {
    world.ok(
      'run',
      '--live',
      '--keep=live',
      'sh',
      '-c',
      'rm -r shared; mkdir shared; echo own > shared/own; echo s > s; git add s',
    );
    world.host('echo shines > shown.txt');
    const look = 'cat f.txt shown.txt shared/* out/product; ls shared; git status --short';
    const shown = world.inside('live', look);
    expect(world.ok('run', '--keep=fork', '--from', 'live', '--', 'sh', '-c', look)).toBe(shown);
    expect(world.inside('live', `$MZR run -- sh -c '${look}; echo more > shared/own'`)).toBe(shown);
    world.host('echo moved on > shown.txt; echo moved on > f.txt');
    expect(world.inside('fork', look)).toBe(shown);
    expect(world.inside('live', 'cat shown.txt shared/own')).toBe('moved on\nown\n');
    world.host('rm shown.txt; git checkout -q f.txt');
    world.ok('drop', '--force', 'live', 'fork');
  });

  it('--from: a fork of a context, with its changes, index and HEAD, that goes its own way', () => {
    const look = 'cat f.txt out/product; ls; git status --short; git log -1 --format=%s';
    const parent = world.inside('parent', look);
    world.ok('run', '--from', 'parent', '--keep=child', 'true');
    expect(world.inside('child', look)).toBe(parent);
    world.inside('child', 'echo c > f.txt; rm -r out; git checkout -q -b child');
    expect(world.inside('parent', look)).toBe(parent);
    expect(world.refusal('run', '--from', 'parnet', '--', 'true')).toMatchObject({
      code: 'E_FROM_UNKNOWN',
      hint: "Did you mean 'parent'?",
    });
    world.ok('drop', '--force', 'child');
  });

  it('--from: a fork of a snapshot, of the host view and of a context, whatever came after it', () => {
    const host = world.json<{ id: string }>('snapshot').id;
    const context = world.json<{ id: string }>('snapshot', '--of', 'parent').id;
    world.host('echo later > f.txt; rm out/product');
    world.inside('parent', 'echo later > f.txt');
    expect(run(['--from', host], 'cat f.txt out/product; git status --short')).toBe('two\nbuilt\n?? untracked\n');
    expect(run(['--from', context], 'cat f.txt out/product')).toBe('p\np\n');
    world.host('git checkout -q f.txt; echo built > out/product');
  });

  it('a run inside a context forks that context, with the same rights, and may nest', () => {
    world.inside('parent', 'echo nested > f.txt');
    const nested =
      '$MZR run -- sh -c "cat f.txt; echo inner > f.txt; id -u; $MZR run cat f.txt; exit 5"; echo $?; cat f.txt';
    expect(world.inside('parent', nested)).toBe(`nested\n${world.uid}\ninner\n5\nnested\n`);
    expect(world.inside('parent', '$MZR run --from - cat f.txt')).toBe('two\n');
    expect(
      world.inside(
        'parent',
        '$MZR exec parent cat f.txt; $MZR run --keep=from-inside true; $MZR list --json | grep -c \'"current": true\'',
      ),
    ).toBe('nested\n1\n');
    expect(world.inside('from-inside', 'cat f.txt')).toBe('nested\n');
    world.ok('drop', '--force', 'from-inside');
  });

  it('--exclude: leaves paths out of the fork', () => {
    world.host(
      'mkdir -m 700 shut; echo 1 > shut/one; echo 2 > shut/two; touch -d "2020-02-02 02:02:02.020202020" shut',
    );
    expect(
      run(['--exclude', 'out', '--exclude', 'shut/one', '--exclude', 'not-there'], 'ls . shut; stat -c %a shut'),
    ).toBe('.:\nf.txt\nnew.txt\nshared\nshut\nuntracked\n\nshut:\ntwo\n700\n');
    expect(world.host('ls out shut')).toBe('out:\nproduct\n\nshut:\none\ntwo\n');
    world.host('rm -r shut');
  });

  it('--share: what is written there, both sides see, and nothing else', async () => {
    const share = ['--share', 'shared', '--share', 'untracked'];
    world.ok(
      'run',
      ...share,
      '--keep=sharing',
      'sh',
      '-c',
      'echo context > shared/s.txt; echo context > shared/new; echo own > f.txt',
    );
    expect(world.host('cat shared/s.txt shared/new f.txt')).toBe('context\ncontext\ntwo\n');
    const shell = world.shell('sharing');
    world.host('echo host > shared/s.txt; rm shared/new; echo host >> untracked');
    expect(await shell.type('cat shared/s.txt untracked; ls shared; cat f.txt')).toBe('host\nnote\nhost\ns.txt\nown\n');
    await shell.type('mv shared/s.txt shared/moved; $MZR switch parent >/dev/null 2>&1; cd "$PWD"');
    expect(await shell.type('ls shared; $MZR switch sharing >/dev/null 2>&1; cd "$PWD"; ls shared')).toBe(
      's.txt\nmoved\n',
    );
    expect(world.host('ls shared; mv shared/moved shared/s.txt; git checkout -q shared')).toBe('moved\n');
    await shell.end('exit');
    expect(world.details('sharing').share).toEqual(['shared', 'untracked']);
    expect(world.refusal('run', '--share', 'nowhere', '--', 'true').code).toBe('E_SHARE_MISSING');
    world.ok('drop', '--force', 'sharing');
  });

  it('--env: the variables of a file, for this command', () => {
    world.write({ 'vars.env': '# comment\nPLAIN=one two\nexport QUOTED="a b"\nHOME=/elsewhere\n' }, world.root);
    const file = `${world.root}/vars.env`;
    expect(run(['--env', file], 'echo "$PLAIN,$QUOTED,$HOME"')).toBe('one two,a b,/elsewhere\n');
    expect(world.ok('exec', '--env', file, 'parent', '--', 'sh', '-c', 'echo "$QUOTED"')).toBe('a b\n');
    expect(world.refusal('run', '--env', `${world.root}/no.env`, '--', 'true').code).toBe('E_ENV_FILE');
  });

  it('--branch and --name: a new branch at HEAD, under the name asked for; refused where it is taken', () => {
    world.ok('run', '--name', 'named', '--branch', 'fresh', 'true');
    expect(world.contexts()['named']).toMatchObject({ branch: 'fresh', hidden: false });
    expect(world.host('git log -1 --format=%s fresh')).toBe('second\n');
    expect(world.refusal('run', '--name', 'named', '--', 'true').code).toBe('E_CONTEXT_EXISTS');
    world.ok('drop', 'named');
    expect(world.host('git branch --list fresh')).toBe('  fresh\n');
  });
});
