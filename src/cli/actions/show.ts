import { answer, ask } from '../answer.js';
import { contextPage } from '../reporter/contexts.js';
import { jsonPath } from '../reporter/json.js';
import type { World } from '../world.js';

export async function show({ context }: { readonly context: string }, world: World): Promise<number> {
  const details = await ask(world, 'context/show', { cwd: world.cwd(), context });
  const document = { ...details, share: details.share.map(jsonPath) };
  answer(world, document, () => contextPage(details, world.now(), world.out.style));
  return 0;
}
