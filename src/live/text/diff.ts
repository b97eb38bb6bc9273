import type { Edit, Edits } from './engine.js';
import { isInsidePair, lineStart } from './edits.js';
import { type Effort, type Match, shortEdit, shortestEdit } from './shortest-edit.js';

/** A stretch of a text, and what stands in its place in another. */
export interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** Steps for one diff: some tenths of a second. */
const EFFORT = 8_000_000;
const MOST_LINES = 1_500;
const MOST_CHARACTERS = 1_000;

/** The smallest edits from one text to another: whole lines are compared first, then the characters of those that differ. Texts that have too little in common get coarser ones. */
export function diffTexts(before: string, after: string): Edits {
  const effort: Effort = { left: EFFORT };
  return lineHunks(before, after, effort).flatMap((hunk) => editsOf(before, after, hunk, effort));
}

/** The runs of whole lines that differ. */
export function diffLines(before: string, after: string): Hunk[] {
  return lineHunks(before, after, { left: EFFORT });
}

function lineHunks(before: string, after: string, effort: Effort): Hunk[] {
  if (before === after) return [];
  const start = lineStart(before, commonPrefix(before, after));
  const [end, newEnd] = commonEnd(before, after, start);
  const ids = new Map<string, number>();
  const old = linesOf(before, start, end, ids);
  const now = linesOf(after, start, newEnd, ids);
  const hunks: Hunk[] = [];
  let line = 0;
  let newLine = 0;
  const until = (a: number, b: number): void => {
    if (a > line || b > newLine)
      hunks.push({
        start: old.starts[line] ?? end,
        end: old.starts[a] ?? end,
        newStart: now.starts[newLine] ?? newEnd,
        newEnd: now.starts[b] ?? newEnd,
      });
  };
  for (const { a, b, length } of commonLines(old.ids, now.ids, effort)) {
    until(a, b);
    line = a + length;
    newLine = b + length;
  }
  until(old.ids.length, now.ids.length);
  return hunks;
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}

/** Where the lines begin that both texts end with. */
function commonEnd(a: string, b: string, from: number): [number, number] {
  const most = Math.min(a.length, b.length) - from;
  let same = 0;
  while (same < most && a.charCodeAt(a.length - 1 - same) === b.charCodeAt(b.length - 1 - same)) same += 1;
  const atLine = (text: string, at: number): boolean => at === from || text.charCodeAt(at - 1) === 10;
  if (atLine(a, a.length - same) && atLine(b, b.length - same)) return [a.length - same, b.length - same];
  const feed = a.indexOf('\n', a.length - same);
  const rest = feed < 0 ? 0 : a.length - feed - 1;
  return [a.length - rest, b.length - rest];
}

interface Lines {
  /** Equal numbers for equal lines. */
  readonly ids: Int32Array;
  readonly starts: readonly number[];
}

function linesOf(text: string, from: number, to: number, ids: Map<string, number>): Lines {
  const starts: number[] = [];
  const found: number[] = [];
  for (let at = from; at < to;) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 || feed >= to ? to : feed + 1;
    const line = text.slice(at, end);
    let id = ids.get(line);
    if (id === undefined) ids.set(line, (id = ids.size));
    starts.push(at);
    found.push(id);
    at = end;
  }
  return { ids: Int32Array.from(found), starts };
}

/** What two texts share in whole lines. When they differ too much, lines that both have just once tell what belongs together. */
function commonLines(a: Int32Array, b: Int32Array, effort: Effort): Match[] {
  if (a.length === 0 || b.length === 0) return [];
  const shortest = shortestEdit(a, b, MOST_LINES, { left: Math.min(effort.left, EFFORT / 4) });
  effort.left -= EFFORT / 4;
  if (shortest !== undefined) return shortest;
  const matches: Match[] = [];
  let x = 0;
  let y = 0;
  const between = (toX: number, toY: number): void => {
    if (toX === x || toY === y) return;
    for (const match of shortEdit(a.subarray(x, toX), b.subarray(y, toY), MOST_LINES / 4, effort))
      matches.push({ a: match.a + x, b: match.b + y, length: match.length });
  };
  for (const [lineA, lineB] of uniqueLines(a, b)) {
    if (lineA < x || lineB < y) continue;
    between(lineA, lineB);
    matches.push({ a: lineA, b: lineB, length: 1 });
    x = lineA + 1;
    y = lineB + 1;
  }
  between(a.length, b.length);
  return matches;
}

/** The longest series of lines in the same order of those that are just once in each (patience). */
function uniqueLines(a: Int32Array, b: Int32Array): [number, number][] {
  const inA = placesOfUnique(a);
  const inB = placesOfUnique(b);
  /** By length, the series that ends earliest: its last pair and the one before. */
  const piles: { readonly a: number; readonly b: number; readonly previous: number }[][] = [];
  for (const [id, lineA] of inA) {
    const lineB = inB.get(id) ?? -1;
    if (lineA < 0 || lineB < 0) continue;
    let low = 0;
    let high = piles.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((piles[middle]?.at(-1)?.b ?? 0) < lineB) low = middle + 1;
      else high = middle;
    }
    const pile = (piles[low] ??= []);
    pile.push({ a: lineA, b: lineB, previous: (piles[low - 1]?.length ?? 0) - 1 });
  }
  const series: [number, number][] = [];
  let index = (piles.at(-1)?.length ?? 0) - 1;
  for (let pile = piles.length - 1; pile >= 0; pile -= 1) {
    const card = piles[pile]?.[index];
    if (card === undefined) break;
    series.push([card.a, card.b]);
    index = card.previous;
  }
  return series.toReversed();
}

/** Where each line is, -1 when in several places; in order of the first place. */
function placesOfUnique(lines: Int32Array): Map<number, number> {
  const places = new Map<number, number>();
  for (const [at, id] of lines.entries()) places.set(id, places.has(id) ? -1 : at);
  return places;
}

/** The edits within lines that differ. Where less than a third stays, what stays is chance, and all is replaced. */
function editsOf(before: string, after: string, { start, end, newStart, newEnd }: Hunk, effort: Effort): Edit[] {
  const old = before.slice(start, end);
  const now = after.slice(newStart, newEnd);
  const a = unitsOf(old);
  const b = unitsOf(now);
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const innerA = a.subarray(head, a.length - tail);
  const innerB = b.subarray(head, b.length - tail);
  const inner = innerA.length === 0 || innerB.length === 0 ? [] : shortEdit(innerA, innerB, MOST_CHARACTERS, effort);
  const kept = inner.reduce((sum, { length }) => sum + length, head + tail);
  const matches = [
    { a: 0, b: 0, length: head },
    ...(kept * 3 < Math.max(a.length, b.length)
      ? []
      : inner.map((match) => ({ a: match.a + head, b: match.b + head, length: match.length }))),
    { a: a.length - tail, b: b.length - tail, length: tail },
  ].map((match) => withoutHalves(match, old, now));
  const edits: Edit[] = [];
  let x = 0;
  let y = 0;
  const until = (toX: number, toY: number): void => {
    if (toX > x || toY > y) edits.push({ start: start + x, end: start + toX, text: now.slice(y, toY) });
  };
  for (const match of matches) {
    if (match.length <= 0) continue;
    until(match.a, match.b);
    x = match.a + match.length;
    y = match.b + match.length;
  }
  until(old.length, now.length);
  return edits;
}

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at += 1) units[at] = text.charCodeAt(at);
  return units;
}

/** A match that neither begins nor ends between the halves of a surrogate pair of either text. */
function withoutHalves({ a, b, length }: Match, before: string, after: string): Match {
  const first = isInsidePair(before, a) || isInsidePair(after, b) ? 1 : 0;
  const last = isInsidePair(before, a + length) || isInsidePair(after, b + length) ? 1 : 0;
  return { a: a + first, b: b + first, length: length - first - last };
}
