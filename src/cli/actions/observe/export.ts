import { exportEntries, type ExportFormat } from '../../../observe/export.js';
import { defined } from '../../answer.js';
import type { World } from '../../world.js';
import { type PlaceInput, placeOf } from './place.js';

interface ExportInput extends PlaceInput {
  readonly format: ExportFormat | undefined;
  readonly at: string | undefined;
}

export async function exportAll(input: ExportInput, world: World): Promise<number> {
  const { shadow, path } = await placeOf(input, world);
  const chunks = exportEntries(shadow, input.format ?? 'ndjson', { path, ...defined({ at: input.at }) });
  for await (const chunk of chunks) world.out.write(chunk);
  return 0;
}
