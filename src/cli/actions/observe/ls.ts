import { entryJson } from '../../../observe/entry-json.js';
import { type Entry, list, type Listing, type SortKey } from '../../../observe/list.js';
import { listMap } from '../../../observe/treemap.js';
import { defined } from '../../answer.js';
import { lines } from '../../lines.js';
import { listEnd, listRow, listTitles } from '../../reporter/observed.js';
import type { World } from '../../world.js';
import { pageOf } from './page.js';
import { layoutOf, type PlaceInput, placeOf } from './place.js';

interface LsInput extends PlaceInput {
  readonly depth: number | undefined;
  readonly sort: SortKey | undefined;
  readonly at: string | undefined;
  readonly html: string | undefined;
}

export async function ls(input: LsInput, world: World): Promise<number> {
  const { shadow, path } = await placeOf(input, world);
  const { depth, sort, at, html } = input;
  if (html !== undefined) return pageOf(await listMap(shadow, { path, ...defined({ depth, at }) }), html, world);
  const listing = await list(shadow, { path, ...defined({ depth, sort, at }) });
  const out = lines(world);
  try {
    if (world.json) for await (const entry of listing.entries) out.write(entryJson(entry));
    else await printTable(listing, out.write, world);
  } finally {
    out.end();
  }
  return 0;
}

async function printTable(listing: Listing, write: (text: string) => void, world: World): Promise<void> {
  const layout = layoutOf(world);
  let top: Entry | undefined;
  let counted = 0;
  for await (const entry of listing.entries) {
    if (top === undefined) write(listTitles(layout));
    else {
      if (entry.depth === 1) counted += entry.totals.files;
      write(listRow(entry, top, layout));
    }
    top ??= entry;
  }
  if (top !== undefined) write(listEnd(top, counted, listing.moment.time, layout.style));
}
