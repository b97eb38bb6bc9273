import { answer, ask } from '../answer.js';
import { count, size } from '../reporter/human.js';
import type { World } from '../world.js';

export async function promote({ context }: { readonly context: string }, world: World): Promise<number> {
  const made = await ask(world, 'context/promote', { cwd: world.cwd(), context });
  const what = `${count(made.entries, 'entry', 'entries')}, ${size(made.bytes)}`;
  answer(world, made, () => `The build products of ${context} are banked in snapshot ${made.id} (${what}).\n`);
  return 0;
}
