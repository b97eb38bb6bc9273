import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until, userKinds, World } from '../world.js';

interface Doctor {
  readonly findings: readonly { readonly id: string; readonly level: string }[];
}

describe.each(userKinds)('limits, pause and resume, as %s', (user) => {
  let world: World;
  let isOffered: boolean;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'one\n' });
    const { findings } = JSON.parse(world.mzr(['doctor', '--json']).out) as Doctor;
    isOffered = findings.some(({ id, level }) => id === 'control-groups' && level === 'ok');
  });
  afterEach(() => world.clear());
  afterAll(() => world.end());
  /** Starts six processes at once and says how many it got. */
  const fork = 'i=0; for n in 1 2 3 4 5 6; do sleep 1 & i=$((i+1)); done 2>/dev/null; echo $i';

  it('are kept by the machine, or refused with the reason, never silently left out', () => {
    world.ok('run', '--keep=a', 'true');
    if (!isOffered) {
      for (const words of [
        ['limit', 'a', '--pids', '4'],
        ['pause', 'a'],
        ['run', '--pids', '4', '--', 'true'],
      ]) {
        expect(world.refusal(...words)).toMatchObject({
          code: 'E_CGROUP_UNAVAILABLE',
          hint: expect.stringContaining('mzr doctor') as string,
        });
      }
      expect(world.details('a').limits).toEqual({});
      return;
    }
    expect(world.ok('limit', 'a', '--pids', '4', '--memory', '512M', '--cpu', '150%')).toContain('pids 4');
    expect(world.details('a').limits).toEqual({ pids: 4, memoryBytes: 512 * 2 ** 20, cpuPercent: 150 });
    expect(world.mzr(['exec', 'a', '--', 'sh', '-c', fork]).out).not.toBe('6\n');
    expect(world.ok('limit', 'a', '--pids', 'max')).toContain('no limit of pids');
    expect(world.details('a').limits).toEqual({ memoryBytes: 512 * 2 ** 20, cpuPercent: 150 });
    expect(world.ok('exec', 'a', '--', 'sh', '-c', fork)).toBe('6\n');
    expect(world.mzr(['run', '--pids', '4', '--', 'sh', '-c', fork]).out).not.toBe('6\n');
    const eat = 'head -c 200M /dev/zero | tail -c 200M | wc -c';
    expect(world.ok('exec', 'a', '--', 'sh', '-c', eat)).toBe('209715200\n');
    expect(world.mzr(['exec', 'a', '--memory', '64M', '--', 'sh', '-c', eat]).out).not.toBe('209715200\n');
  });

  it('a paused context stands still until it is resumed, and can be stopped as it stands', async () => {
    if (!isOffered) return expect(world.refusal('resume', 'a').code).toBe('E_CONTEXT_UNKNOWN');
    const shell = world.shell('a');
    await shell.type('(while :; do echo tick >> ticks; sleep 0.02; done) &');
    const size = (): string => world.host('wc -c < .git/mizer/contexts/a/upper/ticks');
    world.ok('pause', 'a');
    expect(world.contexts()['a']).toMatchObject({ paused: true });
    const before = size();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(size()).toBe(before);
    world.ok('resume', 'a');
    await until(() => size() !== before, 'it goes on');
    world.ok('pause', 'a');
    world.ok('stop', 'a');
    expect(world.contexts()['a']).toMatchObject({ processes: 0 });
    await shell.ended();
  });
});
