import { resolve } from 'node:path';
import { answer, ask } from '../answer.js';
import { shown } from '../reporter/human.js';
import type { World } from '../world.js';

export async function init({ directory }: { readonly directory: string | undefined }, world: World): Promise<number> {
  const result = await ask(world, 'init', { directory: resolve(world.cwd(), directory ?? '.') });
  const kind = result.git ? 'a git repository' : 'a plain directory';
  answer(
    world,
    result,
    () => `${shown(result.workTree)} is a work tree (${kind}); its store is ${shown(result.store)}.\n`,
  );
  return 0;
}
