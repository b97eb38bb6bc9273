import { answer, ask, remark } from '../answer.js';
import { archivePrefix, archiveTable } from '../reporter/archives.js';
import type { World } from '../world.js';

export async function archives(_: object, world: World): Promise<number> {
  const { archives: found } = await ask(world, 'archive/list', { cwd: world.cwd() });
  if (found.length === 0 && !world.json) {
    remark(world, ['There are no archives.']);
    return 0;
  }
  const document = { archives: found.map((archive) => ({ ...archive, ref: archivePrefix + archive.name })) };
  answer(world, document, () => archiveTable(found, world.now(), world.out.style));
  return 0;
}
