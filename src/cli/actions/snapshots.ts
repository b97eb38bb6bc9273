import { answer, ask, remark } from '../answer.js';
import { snapshotTable } from '../reporter/snapshots.js';
import type { World } from '../world.js';

export async function snapshots(_: object, world: World): Promise<number> {
  const { snapshots: found, notes } = await ask(world, 'snapshot/list', { cwd: world.cwd() });
  remark(world, notes);
  if (found.length === 0 && !world.json) {
    remark(world, ['There are no snapshots. mzr snapshot takes one.']);
    return 0;
  }
  answer(world, { snapshots: found, notes }, () => snapshotTable(found, world.now(), world.out.style));
  return 0;
}
