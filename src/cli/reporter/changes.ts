import type { Change } from '../../model/change-set.js';
import { toBytes, toDisplay } from '../../model/tree-path.js';
import type { DiffResult } from '../../protocol/messages.js';
import { jsonPath } from './json.js';
import type { Style } from './style.js';

const letters = { added: 'A', deleted: 'D', modified: 'M', mode: 'M', retyped: 'T' } as const;

/** A letter and a path a line, as `git diff --name-status`. */
export function nameStatus(changes: readonly Change[], style: Style): string {
  return changes.map((change) => `${paintLetter(change, style)}\t${toDisplay(change.path)}\n`).join('');
}

function paintLetter({ kind }: Change, style: Style): string {
  const paint = {
    added: style.green,
    deleted: style.red,
    modified: style.yellow,
    mode: style.yellow,
    retyped: style.cyan,
  };
  return paint[kind](letters[kind]);
}

/** As `git diff --name-status -z`: letter NUL path NUL, paths as their bytes are. */
export function nameStatusNul(changes: readonly Change[]): Uint8Array {
  return toBytes(changes.map((change) => `${letters[change.kind]}\0${change.path}\0`).join(''));
}

export function jsonChange(change: Change): unknown {
  return { path: jsonPath(change.path), kind: change.kind, before: change.before ?? null, after: change.after ?? null };
}

type Lines = DiffResult['lines'][number];

/** As `git diff --stat`, in 80 columns. */
export function stat(changes: readonly Change[], lines: readonly Lines[], style: Style): string {
  if (changes.length === 0) return '';
  const names = changes.map((change) => toDisplay(change.path));
  const counts = changes.map((change, index) => countOf(change, lines[index] ?? null));
  const nameWidth = Math.min(50, Math.max(...names.map((name) => name.length)));
  const countWidth = Math.max(...counts.map((count) => (count.startsWith('Bin') ? 3 : count.length)));
  const most = Math.max(1, ...lines.map((pair) => (pair === null ? 0 : pair.added + pair.deleted)));
  const scale = Math.min(1, (79 - nameWidth - countWidth - 5) / most);
  const rows = names.map((name, index) => {
    const fitted = name.length > nameWidth ? `...${name.slice(3 - nameWidth)}` : name.padEnd(nameWidth);
    const graph = bars(lines[index] ?? null, scale, style);
    return ` ${fitted} | ${(counts[index] ?? '').padStart(countWidth)}${graph === '' ? '' : ` ${graph}`}\n`;
  });
  return rows.join('') + shortStat(lines);
}

function countOf(change: Change, pair: Lines): string {
  if (pair !== null) return String(pair.added + pair.deleted);
  if (change.kind === 'mode') return '0';
  return `Bin ${change.before?.size ?? 0} -> ${change.after?.size ?? 0} bytes`;
}

function bars(pair: Lines, scale: number, style: Style): string {
  if (pair === null) return '';
  const length = (number: number): number => (number === 0 ? 0 : Math.max(1, Math.floor(number * scale)));
  return style.green('+'.repeat(length(pair.added))) + style.red('-'.repeat(length(pair.deleted)));
}

function shortStat(lines: readonly Lines[]): string {
  const sum = (pick: (pair: NonNullable<Lines>) => number): number =>
    lines.reduce((total, pair) => total + (pair === null ? 0 : pick(pair)), 0);
  const added = sum((pair) => pair.added);
  const deleted = sum((pair) => pair.deleted);
  const s = (number: number): string => (number === 1 ? '' : 's');
  const parts = [`${lines.length} file${s(lines.length)} changed`];
  if (added > 0 || deleted === 0) parts.push(`${added} insertion${s(added)}(+)`);
  if (deleted > 0 || added === 0) parts.push(`${deleted} deletion${s(deleted)}(-)`);
  return ` ${parts.join(', ')}\n`;
}

/** A patch's bytes with the colours of git; unchanged where there are none. */
export function paintPatch(patch: Uint8Array, style: Style): Uint8Array {
  if (style.bold('x') === 'x') return patch;
  let inHunk = false;
  const painted = Buffer.from(patch)
    .toString('latin1')
    .split('\n')
    .map((line) => {
      if (line.startsWith('diff --git')) inHunk = false;
      if (line.startsWith('@@')) inHunk = true;
      if (!inHunk) return style.bold(line);
      if (line.startsWith('@@')) return line.replace(/^@@.*?@@/, style.cyan);
      if (line.startsWith('+')) return style.green(line);
      return line.startsWith('-') ? style.red(line) : line;
    });
  return Buffer.from(painted.join('\n'), 'latin1');
}
