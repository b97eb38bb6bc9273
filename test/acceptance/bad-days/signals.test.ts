import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Background, until, userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

/** Signals a program that `setsid` leads, as a terminal would. */
async function signalGroup({ child }: Background, signal: NodeJS.Signals): Promise<void> {
  const group = -(child.pid ?? NaN);
  await until(() => {
    try {
      return process.kill(group, signal);
    } catch {
      // Not yet the leader of a group of its own.
      return false;
    }
  }, 'the group gets the signal');
}

describe.each(userKinds)('signals, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'a.txt': 'first\n' });
    world.ok('run', '--', 'true');
  });
  afterAll(() => world.end());

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('hands %s to the command, which may end as it likes, and cleans up', async (signal, status) => {
    const script = (end: string): string[] => [
      'sh',
      '-c',
      `trap 'echo caught; ${end}' TERM HUP; echo ready; while :; do sleep 0.05; done`,
    ];
    const calm = world.background([...world.command, 'run', '--', ...script('exit 7')]);
    await calm.says('ready');
    calm.child.kill(signal);
    expect(await calm.ended()).toMatchObject({ status: 7, out: 'ready\ncaught\n' });

    const rash = world.background([...world.command, 'run', '--', 'sh', '-c', 'echo ready; exec sleep 100']);
    await rash.says('ready');
    rash.child.kill(signal);
    const ended = await rash.ended();
    // What a shell shows as 128 and the signal's number.
    expect([ended.signal, ended.status ?? status]).toEqual([signal, status]);
    expect(await leftovers(world, [])).toEqual([]);
  });

  it('ends by SIGINT as the command does when the terminal sends it to both, and leaves it to the command otherwise', async () => {
    // A process group of its own, as a shell gives a job: the terminal's Ctrl-C reaches all of it.
    const group = (...command: string[]): Background =>
      world.background(['setsid', ...world.command, 'run', '--', ...command]);
    const rash = group('sh', '-c', 'echo ready; exec sleep 100');
    await rash.says('ready');
    await signalGroup(rash, 'SIGINT');
    expect(await rash.ended()).toMatchObject({ signal: 'SIGINT' });

    const calm = group('sh', '-c', 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.05; done');
    await calm.says('ready');
    await signalGroup(calm, 'SIGINT');
    expect(await calm.ended()).toMatchObject({ status: 5, out: 'ready\ncaught\n' });
    expect(await leftovers(world, [])).toEqual([]);
  });

  it('shows a shell the status 128 and the number of the signal that ended the command', () => {
    for (const [signal, status] of [
      ['INT', 130],
      ['TERM', 143],
      ['KILL', 137],
    ] as const) {
      const shown = world.start(['sh', '-c', `$MZR run -- sh -c 'kill -${signal} $$'; echo $?`]);
      expect(shown).toMatchObject({ out: `${status}\n` });
    }
  });

  it('leaves nothing behind whenever SIGINT or SIGTERM comes during a run', async () => {
    for (let round = 0; round < 14; round += 1) {
      const signal = round % 2 === 0 ? 'SIGINT' : 'SIGTERM';
      const run = world.background([
        'setsid',
        ...world.command,
        'run',
        '--',
        'sh',
        '-c',
        'echo x > made; exec sleep 100',
      ]);
      await pause(round * 15);
      await signalGroup(run, signal);
      const ended = await run.ended();
      expect([round, ended.signal, /\n\s+at /.test(ended.err)]).toEqual([round, signal, false]);
    }
    expect(world.host('ls')).toBe('a.txt\n');
    expect(await leftovers(world, [])).toEqual([]);
  });

  it('leaves nothing behind when the client is killed: its command ends by itself, and then the context goes', async () => {
    for (let round = 0; round < 6; round += 1) {
      const run = world.background([...world.command, 'run', '--', 'sh', '-c', 'echo ready; exec sleep 0.5']);
      await pause(round * 30);
      run.child.kill('SIGKILL');
      await run.ended();
    }
    expect(await leftovers(world, [])).toEqual([]);
  });
});
