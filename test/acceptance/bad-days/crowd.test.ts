import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

describe.each(userKinds)('two mzr at once on everything, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'a.txt': 'first\n', 'n.txt': 'n\n' });
  });
  afterAll(() => world.end());

  /** Runs commands of `mzr` at once; answers in their order. */
  async function atOnce(
    ...commands: readonly (readonly string[])[]
  ): Promise<{ status: number | null; out: string; err: string }[]> {
    const running = commands.map((command) => world.background([...world.command, ...command]));
    const ended = await Promise.all(running.map((one) => one.ended()));
    for (const [at, { err }] of ended.entries())
      expect([commands[at], /should not have|\n\s+at \w/.test(err)]).toEqual([commands[at], false]);
    return ended;
  }

  it('starts one daemon for all that come at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      world.mzr(['daemon', 'stop', '--force']);
      const asked = await atOnce(...Array.from({ length: 12 }, () => ['list']));
      expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 0));
      const daemons = world
        .processes()
        .filter((pid) =>
          world.start(['ps', '-o', 'args=', '-p', String(pid)]).out.includes('/daemon/main.js --in-hub'),
        );
      // The holder's command line ends in how to start a daemon.
      expect(daemons).toHaveLength(2);
    }
  });

  it('runs twenty commands at once, each in a fork of its own', async () => {
    const script = 'echo $1 > a.txt; sleep 0.2; cat a.txt; git status --short; exit $1';
    const ended = await atOnce(
      ...Array.from({ length: 20 }, (_, at) => ['run', '--', 'sh', '-c', script, 'sh', String(at)]),
    );
    expect(ended.map(({ status, out }) => [status, out])).toEqual(ended.map((_, at) => [at, `${at}\n M a.txt\n`]));
    expect(world.read('a.txt')).toBe('first\n');
    const archives = world.json<{ archives: unknown[] }>('archives').archives;
    expect(archives).toHaveLength(20);
    expect(await leftovers(world, [])).toEqual([]);
  });

  it('makes a name once', async () => {
    const ended = await atOnce(
      ...Array.from({ length: 6 }, () => ['run', '--keep=same', '--', 'sh', '-c', 'echo same > a.txt']),
    );
    expect(ended.filter(({ status }) => status === 0)).toHaveLength(1);
    expect(ended.filter(({ err }) => err.includes('E_CONTEXT_EXISTS'))).toHaveLength(5);
    expect(world.inside('same', 'cat a.txt')).toBe('same\n');
    const branches = await atOnce(
      ...Array.from({ length: 4 }, (_, at) => ['run', `--keep=b${at}`, '--branch', 'topic', '--', 'true']),
    );
    expect(branches.filter(({ status }) => status === 0)).toHaveLength(1);
    expect(branches.filter(({ err }) => err.includes('E_BRANCH_IN_USE'))).toHaveLength(3);
    world.ok('drop', '--force', ...Object.keys(world.contexts()));
    expect(await leftovers(world, [])).toEqual([]);
  });

  it('lets one of several have its way with a context, and the others see what is there', async () => {
    for (let round = 0; round < 4; round += 1) {
      world.host('git checkout -q . && git clean -fdq');
      world.ok('run', '--keep=prey', '--', 'sh', '-c', 'echo prey > a.txt; echo new > new.txt');
      const { id } = world.json<{ id: string }>('snapshot', '--of', 'prey');
      const orders = [
        ['exec', 'prey', '--', 'cat', 'a.txt'],
        ['drop', '--force', 'prey'],
        ['rewind', 'prey', id],
        ['apply', 'prey'],
        ['apply', 'prey'],
        ['snapshot', '--of', 'prey'],
        ['exec', 'prey', '--', 'cat', 'a.txt'],
        ['drop', '--force', 'prey'],
        ['gc'],
        ['list'],
      ];
      const turned = [...orders.slice(round * 2), ...orders.slice(0, round * 2)];
      const ended = await atOnce(...turned);
      for (const [at, { status, out, err }] of ended.entries()) {
        const [verb = ''] = turned[at] ?? [];
        // A forced drop ends who is inside.
        const isEnded = verb === 'exec' && status === null;
        const isKnown = isEnded || /E_CONTEXT_(?:UNKNOWN|IN_USE)|E_SNAPSHOT_UNKNOWN/.test(err);
        expect([verb, status, status === 0 || isKnown, err]).toEqual([verb, status, true, err]);
        if (verb === 'exec' && status === 0) expect(out).toBe('prey\n');
      }
      const host = world.host('cat a.txt; git status --short');
      expect(['first\n', 'prey\n M a.txt\n?? new.txt\n']).toContain(host);
      if ('prey' in world.contexts()) {
        expect(world.inside('prey', 'cat a.txt new.txt')).toBe('prey\nnew\n');
        world.ok('drop', '--force', 'prey');
      }
      expect(await leftovers(world, [])).toEqual([]);
    }
    world.host('git checkout -q . && git clean -fdq');
  });

  it('writes both of two applies at once, or one of them with a conflict', async () => {
    for (const [first, second] of [
      ['a.txt', 'n.txt'],
      ['a.txt', 'a.txt'],
    ] as const) {
      world.ok('run', '--keep=one', '--', 'sh', '-c', `echo one > ${first}`);
      world.ok('run', '--keep=two', '--', 'sh', '-c', `echo two > ${second}`);
      const ended = await atOnce(['apply', 'one'], ['apply', 'two']);
      const good = ended.filter(({ status }) => status === 0).length;
      expect([first, second, good]).toEqual([first, second, first === second ? 1 : 2]);
      expect(world.host('cat a.txt n.txt')).toMatch(first === second ? /^(?:one|two)\nn\n$/ : /^one\ntwo\n$/);
      world.host('git checkout -q .');
      world.ok('drop', '--force', 'one', 'two');
    }
    expect(await leftovers(world, [])).toEqual([]);
  });
});
