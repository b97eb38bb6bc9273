import { type TreePath, isWithin, nameOf, toDisplay } from '../../model/tree-path.js';
import type { Growth } from '../../observe/growth.js';
import type { Entry } from '../../observe/list.js';
import type { Node } from '../../observe/nodes.js';
import { bar } from './bars.js';
import { count, grouped, size } from './human.js';
import type { Style } from './style.js';

/** Rows have fixed columns, so that each can be printed before the next is known. */
export interface Layout {
  readonly style: Style;
  /** Columns of the terminal. */
  readonly width: number;
}

const gap = '  ';

function barWidth({ width }: Layout): number {
  return Math.max(8, Math.min(40, Math.floor(width / 4)));
}

function row(layout: Layout, cells: readonly string[], share: number, name: string): string {
  return [...cells, layout.style.cyan(bar(share, barWidth(layout))), name].join(gap).trimEnd() + '\n';
}

function titles(layout: Layout, cells: readonly string[], share: string): string {
  return layout.style.dim([...cells, share.padEnd(barWidth(layout)), 'NAME'].join(gap)) + '\n';
}

export function listTitles(layout: Layout): string {
  return titles(layout, ['SIZE'.padStart(5), 'FILES'.padStart(10), 'MODIFIED'.padEnd(16)], 'SHARE');
}

/** A row of `ls`, below `top`. */
export function listRow(entry: Entry, top: Entry, layout: Layout): string {
  const { totals, mtime } = entry;
  const files = entry.kind === 'file' || entry.kind === 'link' ? '' : grouped(totals.files);
  const cells = [size(Number(totals.size)).padStart(5), files.padStart(10), time(mtime).padEnd(16)];
  return row(layout, cells, shareOf(totals.size, top.totals.size), named(entry, top.path, entry, layout.style));
}

/** What the rows add up to; `counted` is how many files the rows at the first level stand for. */
export function listEnd(top: Entry, counted: number, recorded: number, style: Style): string {
  const { totals } = top;
  const hidden = totals.files - counted;
  const rest =
    top.kind === 'directory' && hidden > 0 ? style.dim(`${count(hidden, 'more file')} not tracked one by one\n`) : '';
  const below =
    top.kind === 'file' || top.kind === 'link'
      ? ''
      : ` in ${count(totals.files, 'file')} and ${count(totals.dirs, 'directory', 'directories')}`;
  return `${rest}${style.bold(size(Number(totals.size)))}${below}, recorded ${time(recorded)}\n`;
}

export function growthTitles(layout: Layout): string {
  return titles(layout, ['GROWTH'.padStart(6), 'FILES'.padStart(10), 'NOW'.padStart(5), 'WHAT'.padEnd(7)], '');
}

/** A row of `growth`; `greatest` is the difference that fills a bar. */
export function growthRow(growth: Growth, top: TreePath, greatest: bigint, layout: Layout): string {
  const { style } = layout;
  const { bytes, files, change, before, after } = growth;
  const paint = {
    came: style.green,
    grew: style.yellow,
    went: style.red,
    shrank: style.cyan,
    changed: style.dim,
    same: style.dim,
  };
  const now = after === undefined ? '-' : size(Number(after.totals.size));
  const cells = [
    signed(bytes, (number) => size(Number(number))).padStart(6),
    (files === 0 ? '' : signed(BigInt(files), grouped)).padStart(10),
    now.padStart(5),
    paint[change](change.padEnd(7)),
  ];
  const node = after ?? before;
  const name = node === undefined ? '' : named(growth, top, node, style);
  return row(layout, cells, shareOf(bytes < 0n ? -bytes : bytes, greatest), name);
}

/** What it comes to altogether. */
export function growthEnd(top: Growth, from: number, to: number, style: Style): string {
  const bytes = style.bold(signed(top.bytes, (number) => size(Number(number))));
  const files = signed(BigInt(top.files), grouped);
  const what =
    top.change === 'same'
      ? 'Nothing has changed'
      : `${bytes} in ${files} ${Math.abs(top.files) === 1 ? 'file' : 'files'}`;
  return `${what} between ${time(from)} and ${time(to)}\n`;
}

function named({ path }: { readonly path: TreePath }, top: TreePath, node: Node, style: Style): string {
  const below = path !== top && isWithin(path, top);
  const name = toDisplay(below ? path.slice(top === '' ? 0 : top.length + 1) : nameOf(path)) || '.';
  switch (node.kind) {
    case 'directory':
      return style.bold(`${name}/`);
    case 'bundle':
    case 'repository':
      return `${style.bold(`${name}/`)} ${style.dim(`(${node.kind})`)}`;
    case 'link':
      return `${name} ${style.dim(`-> ${toDisplay(node.target ?? '')}`)}`;
    case 'file':
      return name;
  }
}

function shareOf(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(part) / Number(whole);
}

function signed(number: bigint, text: (absolute: bigint) => string): string {
  return number === 0n ? '0' : number < 0n ? `-${text(-number)}` : `+${text(number)}`;
}

/** Local time to the minute, of seconds since 1970. Times that no calendar has stand as they are. */
export function time(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime()) || Math.abs(date.getFullYear()) > 9999) return `@${seconds}`;
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
