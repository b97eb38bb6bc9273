import { existsSync } from 'node:fs';
import { tellStory } from './story.js';
import { Teller } from './teller.js';
import { makeDemoWorld } from './world.js';

/**
 * Tells the story in a place of its own, which is gone afterwards, whatever happens. Resolves to how many things were not as expected.
 * Paths of the place are shown as `/tmp/demo`.
 */
export async function tell(print) {
  const world = makeDemoWorld();
  const interrupted = () => {
    world.remove();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const teller = new Teller(world, (line) => print(line.replaceAll(world.directory, '/tmp/demo')));
  try {
    await tellStory(teller);
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
    world.remove();
  }
  if (existsSync(world.directory)) teller.failures += 1;
  return teller.failures;
}
