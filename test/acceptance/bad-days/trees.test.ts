import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ordinaryId } from '../../support/ordinary-user.js';
import { userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

const isRoot = process.getuid?.() === 0;

describe.each(userKinds)('awkward trees, as %s', (user) => {
  let world: World;
  beforeEach(() => {
    world = new World(user);
    world.repository({ 'a.txt': 'first\n' });
  });
  afterEach(() => world.end());

  it('forks and brings back ten thousand paths, some of them as deep and as long as the system allows', async () => {
    // Longer than PATH_MAX can be reached only step by step.
    const script = `
      import os
      for i in range(100):
          os.makedirs(f'many/{i}')
          for j in range(99): open(f'many/{i}/{j}', 'w').write(f'{i} {j}\\n')
      name = 'n' * 250
      os.mkdir('long'); open('long/' + 'x' * 255, 'w').write('long\\n')
      os.makedirs('/'.join(['deep'] + ['d'] * 900)); open('/'.join(['deep'] + ['d'] * 900 + ['leaf']), 'w').write('deep\\n')
      os.makedirs('/'.join(['wide'] + [name] * 12)); open('/'.join(['wide'] + [name] * 12 + ['leaf']), 'w').write('wide\\n')
    `;
    world.host('python3 -c "$1"'.replace('$1', dedent(script).replaceAll('"', '\\"')));
    const count =
      'find . -name .git -prune -o -print | wc -l; find . -name .git -prune -o -type f -exec cat {} + | cksum';
    const host = world.host(count);
    expect(Number(host.split('\n')[0])).toBeGreaterThan(10_000);
    const change =
      'echo changed > "$(find deep -name leaf)"; echo changed > "$(find wide -name leaf)"; rm -r many/7; echo n > long/xxx*';
    expect(
      world.ok(
        'run',
        '--keep=one',
        '--',
        'sh',
        '-c',
        `${count}; ${change.replace('long/xxx*', '"$(find long -type f)"')}`,
      ),
    ).toBe(host);
    const inside = world.inside('one', count);
    expect(inside).not.toBe(host);
    world.ok('apply', 'one');
    expect(world.host(count)).toBe(inside);
    world.ok('drop', '--force', 'one');
    expect(await leftovers(world, [])).toEqual([]);
  }, 120_000);

  it('copies a file that changes all the while, says so, and goes on', async () => {
    const writer = world.background([
      'sh',
      '-c',
      'echo writes; while :; do head -c 300000 /dev/urandom > busy; echo x >> log; done',
    ]);
    await writer.says('writes');
    const { status, out, err } = world.mzr([
      'run',
      '--',
      'sh',
      '-c',
      'cat a.txt; cksum busy; cksum busy; wc -c < busy',
    ]);
    expect(status).toBe(0);
    const [first, one, two] = out.split('\n');
    expect([first, one]).toEqual(['first', two]);
    expect(err.replace(/mzr: Starting.*\n/, '')).toMatch(/^(?:mzr: Changed all the time while it was copied.*\n)?$/);
    writer.child.kill('SIGKILL');
    await writer.ended();
    expect(world.ok('run', '--', 'cksum', 'busy')).toBe(world.host('cksum busy'));
    expect(await leftovers(world, [])).toEqual([]);
  });

  it.runIf(isRoot)('leaves out what it may not read, says so, and runs all the same', async () => {
    fs.writeFileSync(path.join(world.tree, 'secret'), 'of root\n', { mode: 0o600 });
    fs.mkdirSync(path.join(world.tree, 'closed'), { mode: 0o700 });
    fs.writeFileSync(path.join(world.tree, 'closed/inner'), 'of root\n');
    const { status, out, err } = world.mzr(['run', '--keep=one', '--', 'sh', '-c', 'cat a.txt; echo new > b.txt']);
    expect([status, out]).toEqual([0, 'first\n']);
    if (user === 'root') expect(world.inside('one', 'cat secret closed/inner')).toBe('of root\nof root\n');
    else expect(err).toMatch(/Cannot be read.*(?:closed|secret)/);
    // A second run need not say it again, but must not fail either.
    world.host('echo edited > a.txt');
    expect(world.mzr(['run', '--', 'cat', 'a.txt'])).toMatchObject({ status: 0, out: 'edited\n' });
    world.ok('apply', 'one');
    expect(world.host('cat b.txt')).toBe('new\n');
    expect(fs.readFileSync(path.join(world.tree, 'closed/inner'), 'utf8')).toBe('of root\n');
    world.ok('drop', '--force', 'one');
    expect(await leftovers(world, [])).toEqual([]);
    fs.rmSync(path.join(world.tree, 'closed'), { recursive: true });
  });

  it('forks a work tree that its user made read-only for himself', async () => {
    world.host('mkdir sub && echo s > sub/s && chmod a-w . sub a.txt');
    const script = 'cat a.txt sub/s; chmod u+w . sub; echo new > sub/new; ls sub';
    expect(world.ok('run', '--keep=one', '--', 'sh', '-c', script)).toBe('first\ns\nnew\ns\n');
    expect(world.host('ls sub')).toBe('s\n');
    world.host('chmod u+w . sub');
    world.ok('drop', '--force', 'one');
    expect(await leftovers(world, [])).toEqual([]);
    // For the removal of it all.
    world.host('chmod -R u+w .');
  });

  it.runIf(isRoot)('walks instead of watching where the limit of watches is reached', async () => {
    const setting = '/proc/sys/fs/inotify/max_user_watches';
    const before = fs.readFileSync(setting, 'utf8');
    world.host('for i in $(seq 60); do mkdir -p d/$i; echo $i > d/$i/f; done');
    try {
      // Other programs of root's may hold watches: only the ordinary user's count is known to be small.
      fs.writeFileSync(setting, '20');
      world.ok('run', '--', 'true');
      for (let round = 0; round < 3; round += 1) {
        world.host(`echo edited ${round} > d/5${round}/f; echo ${round} > new${round}`);
        expect(world.ok('run', '--', 'cat', `d/5${round}/f`, `new${round}`)).toBe(`edited ${round}\n${round}\n`);
      }
    } finally {
      fs.writeFileSync(setting, before);
    }
    expect(await leftovers(world, [])).toEqual([]);
  });

  it.runIf(isRoot)('refuses a repository of somebody else as git does, and runs none of its hooks', async () => {
    const theirs = path.join(world.root, 'theirs');
    execFileSync('cp', ['-a', world.tree, theirs]);
    const mark = path.join(world.root, 'hooked');
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction', 'fsmonitor']) {
      fs.writeFileSync(path.join(theirs, '.git/hooks', hook), `#!/bin/sh\necho ${hook} >> ${mark}\n`, { mode: 0o755 });
    }
    execFileSync('git', [
      'config',
      '-f',
      path.join(theirs, '.git/config'),
      'core.fsmonitor',
      path.join(theirs, '.git/hooks/fsmonitor'),
    ]);
    const owner = world.uid === ordinaryId ? 0 : ordinaryId;
    execFileSync('chown', ['-R', `${owner}:${owner}`, theirs]);
    execFileSync('chmod', ['-R', 'a+rX', theirs]);
    for (const args of [['run', 'true'], ['list'], ['gc']]) {
      const { status, err } = world.mzr(args, { cwd: theirs });
      expect([args, status, err.includes('E_REPOSITORY_FOREIGN'), err.includes('safe.directory')]).toEqual([
        args,
        3,
        true,
        true,
      ]);
    }
    expect(fs.existsSync(path.join(theirs, '.git/mizer'))).toBe(false);
    expect(fs.existsSync(mark)).toBe(false);
    execFileSync('chown', ['-R', `${world.uid}:${world.uid}`, theirs]);
  });

  it('runs no hook and no monitor of the repository in the daemon', async () => {
    const mark = path.join(world.root, 'hooked');
    world.host(
      `for h in post-checkout post-index-change reference-transaction pre-commit post-commit; do printf '#!/bin/sh\\necho %s >> ${mark}\\n' $h > .git/hooks/$h; chmod +x .git/hooks/$h; done`,
    );
    world.host(
      `printf '#!/bin/sh\\necho monitor >> ${mark}\\nexit 1\\n' > .git/monitor; chmod +x .git/monitor; git config core.fsmonitor $PWD/.git/monitor`,
    );
    fs.rmSync(mark, { force: true });
    world.ok('run', '--keep=one', '--at', 'HEAD', '--', 'sh', '-c', 'echo new > b.txt; echo changed > a.txt');
    world.ok('run', '--keep=two', '--branch', 'topic', '--', 'true');
    world.ok('snapshot', '--of', 'one');
    world.ok('drop', '--force', 'one', 'two');
    world.ok('gc');
    expect(fs.existsSync(mark) ? fs.readFileSync(mark, 'utf8') : '').toBe('');
    expect(await leftovers(world, [])).toEqual([]);
  });
});

function dedent(script: string): string {
  return script
    .split('\n')
    .map((line) => line.replace(/^ {6}/, ''))
    .join('\n')
    .trim();
}
