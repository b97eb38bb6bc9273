import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../soak/random.js';
import { type Background, userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

const seed = Number(process.env['MIZER_SEED'] ?? Date.now() % 1_000_000);
const kills = Math.ceil(30 / userKinds.length);

describe.each(userKinds)('a daemon that dies, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`dir${at % 10}/f${at}`, `content ${at}\n`]),
    );
    world.repository({ 'a.txt': 'first\n', ...files });
    world.ok('run', '--keep=steady', '--', 'sh', '-c', 'echo steady > a.txt; rm -r dir3; echo new > new.txt');
    world.ok('run', '--keep=source', '--', 'sh', '-c', 'rm -r dir1; for i in 1 2 3 4 5; do echo $i > dir2/new$i; done');
  });
  afterAll(() => world.end());

  function kill(which: 'daemon' | 'holder'): void {
    const { pid, holder } = world.json<{ pid: number; holder?: number }>('daemon', 'status');
    process.kill(which === 'daemon' ? pid : (holder ?? pid), 'SIGKILL');
  }

  function isIntact(): void {
    const look = 'cat a.txt new.txt; ls; git status --short | wc -l';
    expect(world.inside('steady', look)).toBe(
      `steady\nnew\na.txt\n${[0, 1, 2, 4, 5, 6, 7, 8, 9].map((n) => `dir${n}\n`).join('')}new.txt\n22\n`,
    );
    expect(world.inside('source', 'cat dir2/new*; test ! -e dir1 && git status --short | wc -l')).toBe(
      '1\n2\n3\n4\n5\n25\n',
    );
  }

  it('keeps sessions alive, and their contexts, when the daemon and the holder are killed', async () => {
    const shell = world.shell('steady');
    expect(await shell.type('cat a.txt')).toBe('steady\n');
    for (const victims of [['daemon'], ['holder'], ['holder', 'daemon']] as const) {
      for (const victim of victims) kill(victim);
      expect(await shell.type('echo more >> a.txt; tail -n1 a.txt')).toBe('more\n');
      expect(world.contexts()['steady']).toMatchObject({ sessions: 1 });
      expect(world.inside('steady', 'tail -n1 a.txt; sed -i /more/d a.txt')).toBe('more\n');
      expect(await shell.type('cat a.txt')).toBe('steady\n');
    }
    await shell.end('exit');
    isIntact();
    expect(await leftovers(world, ['source', 'steady'])).toEqual([]);
  });

  it(`loses nothing and leaves nothing behind, killed ${kills} times at any moment of a run, a snapshot, an apply or a drop (seed ${seed})`, async () => {
    const random = new Random(seed);
    for (let round = 0; round < kills; round += 1) {
      world.ok('list');
      const operation = round % 5;
      if (operation === 3) world.ok('run', `--keep=doomed${round}`, '--', 'sh', '-c', 'echo x > x; rm -r dir4');
      if (operation === 2) world.host(`git checkout -q . && git clean -fdq && echo edit ${round} > dir5/f5`);
      const commands = [
        ['run', '--', 'sh', '-c', 'echo y > y; git status --short >/dev/null'],
        ['snapshot'],
        ['apply', 'source'],
        ['drop', '--force', `doomed${round}`],
        ['snapshot', '--of', 'steady'],
      ];
      const { pid } = world.json<{ pid: number }>('daemon', 'status');
      if (operation === 1) world.host(`echo ${round} > edited; echo ${round} > dir5/more`);
      const running: Background = world.background([...world.command, ...(commands[operation] ?? [])]);
      await pause(random.below(160));
      process.kill(pid, 'SIGKILL');
      const { err } = await running.ended();
      expect([round, /\n\s+at \w/.test(err) ? err : '']).toEqual([round, '']);
      const contexts = Object.values(world.contexts())
        .filter(({ hidden }) => !hidden)
        .map(({ name }) => name);
      expect(contexts.filter((name) => !name.startsWith('doomed'))).toEqual(['source', 'steady']);
      if (operation === 2) {
        // All of it or nothing.
        const host = world.host('ls dir1 2>/dev/null | wc -l; ls dir2 | wc -l');
        expect([round, ['20\n20\n', '0\n25\n'].includes(host), host]).toEqual([round, true, host]);
        world.host('git checkout -q . && git clean -fdq');
      }
      if (round % 6 === 5) isIntact();
    }
    isIntact();
    const doomed = Object.keys(world.contexts()).filter((name) => name.startsWith('doomed'));
    if (doomed.length > 0) world.ok('drop', '--force', ...doomed);
    expect(world.host('git fsck --no-dangling 2>&1; git worktree prune; git status --short; ls -A')).not.toContain(
      'mizer',
    );
    expect(await leftovers(world, ['source', 'steady'])).toEqual([]);
  }, 240_000);
});
