import { resolve } from 'node:path';
import type { TreeMap } from '../../../observe/treemap.js';
import { writePage } from '../../../observe/treemap-page.js';
import { answer } from '../../answer.js';
import { shown } from '../../reporter/human.js';
import type { World } from '../../world.js';

/** Writes a map as a page, and says where. */
export async function pageOf(map: TreeMap, file: string, world: World): Promise<number> {
  const path = resolve(world.cwd(), file);
  await writePage(path, map);
  answer(world, { file: path }, () => `${shown(path)} is a map of it: open it in a browser.\n`);
  return 0;
}
