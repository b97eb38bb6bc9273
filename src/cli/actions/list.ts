import { answer, ask, remark } from '../answer.js';
import { contextTable } from '../reporter/contexts.js';
import type { World } from '../world.js';

export async function list(input: { readonly all: boolean }, world: World): Promise<number> {
  const { contexts, notes } = await ask(world, 'context/list', { cwd: world.cwd(), all: input.all });
  remark(world, notes);
  if (contexts.length === 0 && !world.json) {
    remark(world, ['There are no contexts. mzr shell makes one.']);
    return 0;
  }
  answer(world, { contexts, notes }, () => contextTable(contexts, world.now(), world.out.style));
  return 0;
}
