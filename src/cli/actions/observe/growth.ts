import { MizerError } from '../../../model/errors.js';
import { growthJson } from '../../../observe/entry-json.js';
import { type Growth, growth as compare, type GrowthReport } from '../../../observe/growth.js';
import { growthMap } from '../../../observe/treemap.js';
import { defined, remark } from '../../answer.js';
import { lines } from '../../lines.js';
import { growthEnd, growthRow, growthTitles } from '../../reporter/observed.js';
import type { World } from '../../world.js';
import { pageOf } from './page.js';
import { layoutOf, type PlaceInput, placeOf } from './place.js';

interface GrowthInput extends PlaceInput {
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly depth: number | undefined;
  readonly html: string | undefined;
}

export async function growth(input: GrowthInput, world: World): Promise<number> {
  const { since, until, depth, html } = input;
  if (since === undefined) {
    throw new MizerError('E_USAGE', 'mzr observe growth needs --since.', {
      group: 'usage',
      hint: 'Say since when, for example --since monday.',
    });
  }
  const { shadow, path } = await placeOf(input, world);
  const asked = { path, since, ...defined({ until, depth }) };
  if (html !== undefined) return pageOf(await growthMap(shadow, asked), html, world);
  const report = await compare(shadow, asked);
  if (report.policyChanged)
    remark(world, [
      'What is tracked was changed between the two: some may come or go here that was there all the time.',
    ]);
  const out = lines(world);
  try {
    if (world.json) for await (const change of report.changes) out.write(growthJson(change));
    else await printTable(report, out.write, world);
  } finally {
    out.end();
  }
  return 0;
}

async function printTable(report: GrowthReport, write: (text: string) => void, world: World): Promise<void> {
  const layout = layoutOf(world);
  let top: Growth | undefined;
  let greatest: bigint | undefined;
  for await (const change of report.changes) {
    if (top !== undefined) {
      if (greatest === undefined) write(growthTitles(layout));
      greatest ??= change.bytes < 0n ? -change.bytes : change.bytes;
      write(growthRow(change, top.path, greatest, layout));
    }
    top ??= change;
  }
  if (top !== undefined) write(growthEnd(top, report.from.time, report.to.time, layout.style));
}
