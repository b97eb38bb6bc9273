import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from './world.js';

describe.each(userKinds)('mzr daemon stop, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'one\n' });
  });
  afterAll(() => world.end());

  it('returns when the process has ended', () => {
    for (let round = 0; round < 3; round += 1) {
      world.ok('run', 'true');
      const { pid } = world.json<{ pid: number }>('daemon', 'status');
      world.ok('daemon', 'stop', '--force');
      expect(world.processes()).not.toContain(pid);
    }
  });
});
