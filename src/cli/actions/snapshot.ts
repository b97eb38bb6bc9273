import { answer, ask, defined } from '../answer.js';
import { count, size } from '../reporter/human.js';
import type { World } from '../world.js';

export async function snapshot({ of }: { readonly of: string | undefined }, world: World): Promise<number> {
  const taken = await ask(world, 'snapshot/take', { cwd: world.cwd(), ...defined({ of }) });
  const what = `${count(taken.entries, 'entry', 'entries')}, ${size(taken.bytes)}`;
  answer(world, taken, () => `Snapshot ${taken.id} of ${taken.of ?? 'the host view'} (${what}).\n`);
  return 0;
}
