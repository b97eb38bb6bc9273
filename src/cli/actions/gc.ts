import { answer, ask } from '../answer.js';
import { archivedText } from '../reporter/archives.js';
import { count, size } from '../reporter/human.js';
import type { World } from '../world.js';

export async function gc(_: object, world: World): Promise<number> {
  const result = await ask(world, 'gc', { cwd: world.cwd() });
  const what = `${count(result.contexts.length, 'context')} and ${count(result.snapshots.length, 'snapshot')}`;
  answer(world, result, () => `Removed ${what}, freed ${size(result.freedBytes)}.\n${archivedText(result.archived)}`);
  return 0;
}
