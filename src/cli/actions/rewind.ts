import { answer, ask } from '../answer.js';
import type { World } from '../world.js';

interface RewindInput {
  readonly context: string;
  readonly snapshot: string;
}

export async function rewind({ context, snapshot }: RewindInput, world: World): Promise<number> {
  const result = await ask(world, 'context/rewind', { cwd: world.cwd(), context, snapshot });
  const undo = `mzr rewind ${context} ${result.before.id}`;
  answer(world, { context, snapshot, ...result }, () => `${context} is as in ${snapshot} again. To undo: ${undo}\n`);
  return 0;
}
