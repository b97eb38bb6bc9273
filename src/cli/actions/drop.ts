import { answer, ask } from '../answer.js';
import { archivedText } from '../reporter/archives.js';
import type { World } from '../world.js';

interface DropInput {
  readonly contexts: readonly string[];
  readonly force: boolean;
}

export async function drop({ contexts, force }: DropInput, world: World): Promise<number> {
  const result = await ask(world, 'context/drop', { cwd: world.cwd(), contexts, force });
  answer(
    world,
    result,
    () => result.dropped.map((name) => `Dropped ${name}.\n`).join('') + archivedText(result.archived),
  );
  return 0;
}
