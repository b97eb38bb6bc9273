import { diffLines, type Hunk } from './diff.js';
import { applyEdits, lineStart } from './edits.js';
import type { Edit, Edits } from './engine.js';

/** Lines of one's own that found no place, because they changed otherwise as well. */
export interface RebaseConflict {
  /** In the text now, as it is before the edits: where those lines, as they are there now, begin. */
  readonly at: number;
  /** The lines as they were before both changes, and as one had them. */
  readonly before: string;
  readonly ours: string;
}

export interface Rebased {
  /** Upon the text now. */
  readonly edits: Edits;
  readonly conflicts: readonly RebaseConflict[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Own edits and the whole lines of the text before that they change: none when they insert whole lines between two. */
interface Own extends Span {
  readonly edits: Edits;
}

/**
 * Carries edits upon `before` over to `now`, as a merge of three texts does by whole lines: those in lines that are as they were are placed there; of what changed alike
 * nothing is left; those in lines that changed otherwise are a conflict. Nothing that the edits insert is lost: it is in the text then, or in a conflict.
 */
export function rebase(edits: Edits, before: string, now: string): Rebased {
  if (before === now) return { edits, conflicts: [] };
  if (applyEdits(before, edits) === now) return { edits: [], conflicts: [] };
  const theirs = diffLines(before, now);
  const own = byLines(edits, before);
  const placed: Edit[] = [];
  const conflicts: RebaseConflict[] = [];
  /** How much further on the text is now, after the hunks that are passed. */
  let shift = 0;
  let hunk = 0;
  for (let index = 0; index < own.length;) {
    for (; (theirs[hunk]?.end ?? Number.POSITIVE_INFINITY) <= (own[index]?.start ?? 0); hunk += 1)
      shift = shiftAfter(theirs[hunk]);
    const region = regionFrom(own, index, theirs, hunk);
    const ours = own.slice(index, region.own).flatMap((part) => part.edits);
    if (region.hunk === hunk) {
      const neighbours = [theirs[hunk - 1], theirs[hunk]];
      if (!neighbours.some((other) => other !== undefined && isSameInsertion(ours, other, before, now)))
        placed.push(...moved(ours, shift));
    } else {
      const lines = before.slice(region.start, region.end);
      const mine = applyEdits(lines, moved(ours, -region.start));
      const at = region.start + shift;
      shift = shiftAfter(theirs[region.hunk - 1]);
      if (mine !== lines && mine !== now.slice(at, region.end + shift))
        conflicts.push({ at, before: lines, ours: mine });
    }
    index = region.own;
    hunk = region.hunk;
  }
  return { edits: placed, conflicts };
}

/** The lines in which both changed something, from an own part on, and the first own part and the first hunk beyond; just that part when no hunk reaches into it. */
function regionFrom(
  own: readonly Own[],
  index: number,
  theirs: readonly Hunk[],
  first: number,
): Span & { readonly own: number; readonly hunk: number } {
  let { start, end } = own[index] ?? { start: 0, end: 0 };
  const meets = (span: Span | undefined): boolean => span !== undefined && span.start < end && start < span.end;
  const grow = (span: Span | undefined): void => {
    start = Math.min(start, span?.start ?? start);
    end = Math.max(end, span?.end ?? end);
  };
  let next = index + 1;
  let hunk = first;
  for (let size = -1; size !== next + hunk;) {
    size = next + hunk;
    for (; meets(theirs[hunk]); hunk += 1) grow(theirs[hunk]);
    if (hunk > first) for (; meets(own[next]); next += 1) grow(own[next]);
  }
  return { start, end, own: next, hunk };
}

function shiftAfter(hunk: Hunk | undefined): number {
  return hunk === undefined ? 0 : hunk.newEnd - hunk.end;
}

/** Whether both inserted the same, even if one of two equal lines stands for the other. */
function isSameInsertion(ours: Edits, theirs: Hunk, before: string, now: string): boolean {
  const [edit] = ours;
  if (edit === undefined || ours.length > 1 || edit.start < edit.end || theirs.start < theirs.end) return false;
  const inserted = now.slice(theirs.newStart, theirs.newEnd);
  if (inserted.length !== edit.text.length) return false;
  return edit.start <= theirs.start
    ? edit.text + before.slice(edit.start, theirs.start) === before.slice(edit.start, theirs.start) + inserted
    : before.slice(theirs.start, edit.start) + edit.text === inserted + before.slice(theirs.start, edit.start);
}

function moved(edits: Edits, by: number): Edit[] {
  return edits.map(({ start, end, text }) => ({ start: start + by, end: end + by, text }));
}

/** Own edits by the lines they change; those that share a line are one part. */
function byLines(edits: Edits, before: string): Own[] {
  const parts: { start: number; end: number; edits: Edit[] }[] = [];
  for (const [index, given] of edits.entries()) {
    const edit = atLineStart(given, edits[index + 1], before);
    const { start, end } = linesOf(edit, before);
    const last = parts.at(-1);
    if (last !== undefined && (start < last.end || (start === last.start && end === last.end))) {
      last.end = Math.max(last.end, end);
      last.edits.push(edit);
    } else parts.push({ start, end, edits: [edit] });
  }
  return parts;
}

/** Lines typed at the end of another change the text as if they had been inserted below it. */
function atLineStart(edit: Edit, next: Edit | undefined, before: string): Edit {
  const { start, end, text } = edit;
  if (start < end || text[0] !== '\n' || before[start] !== '\n' || next?.start === start) return edit;
  return { start: start + 1, end: start + 1, text: `${text.slice(1)}\n` };
}

function linesOf({ start, end, text }: Edit, before: string): Span {
  const from = lineStart(before, start);
  const whole = text.endsWith('\n') || (text === '' && start === from);
  if (start === end && start === from && (whole || start === before.length)) return { start, end };
  if (start < end && whole && before[end - 1] === '\n') return { start: from, end };
  const feed = before.indexOf('\n', end);
  return { start: from, end: feed < 0 ? before.length : feed + 1 };
}
