import { entryJson } from './entry-json.js';
import { type Entry, list, type ListOptions } from './list.js';
import type { Shadow } from './shadow.js';

export type ExportFormat = 'ndjson' | 'csv';

/** Enough that writing it costs little, little enough that many readers see it soon. */
const chunkLength = 64 * 1024;

/**
 * All that was recorded, a line for each path in the order of bytes, as it is read. Any name survives: in `ndjson` as in all JSON of
 * mizer, in `csv` (RFC 4180, with titles) the path's own bytes in quotes.
 * @throws MizerError as `list`
 */
export async function* exportEntries(
  shadow: Shadow,
  format: ExportFormat,
  options: Pick<ListOptions, 'path' | 'at'> = {},
): AsyncGenerator<Buffer> {
  const { entries } = await list(shadow, { ...options, depth: Infinity });
  // A line of CSV is a byte string, one of JSON is text.
  const [line, encoding] = format === 'csv' ? ([csvLine, 'latin1'] as const) : ([entryJson, 'utf8'] as const);
  let lines = format === 'csv' ? csvTitles : '';
  for await (const entry of entries) {
    lines += line(entry);
    if (lines.length < chunkLength) continue;
    yield Buffer.from(lines, encoding);
    lines = '';
  }
  yield Buffer.from(lines, encoding);
}

const csvTitles = 'path,kind,size,mtime,dirs,files,links,others,target,head\r\n';

function csvLine({ path, kind, mtime, totals, target, head }: Entry): string {
  const { dirs, files, links, others, size } = totals;
  const cells = [
    quoted(path === '' ? '.' : path),
    kind,
    size,
    mtime ?? '',
    dirs,
    files,
    links,
    others,
    quoted(target),
    head ?? '',
  ];
  return `${cells.join(',')}\r\n`;
}

function quoted(text: string | undefined): string {
  return text === undefined ? '' : `"${text.replaceAll('"', '""')}"`;
}
