import type { Bias, Edits } from './engine.js';

/** The text after the edits. */
export function applyEdits(before: string, edits: Edits): string {
  let after = '';
  let at = 0;
  for (const { start, end, text } of edits) {
    after += before.slice(at, start) + text;
    at = end;
  }
  return after + before.slice(at);
}

/** The edits that take `edits` back, upon the text after them. */
export function invertEdits(edits: Edits, before: string): Edits {
  let shift = 0;
  return edits.map(({ start, end, text }) => {
    const from = start + shift;
    shift += text.length - (end - start);
    return { start: from, end: from + text.length, text: before.slice(start, end) };
  });
}

/**
 * Where an offset is after the edits. One inside of what an edit replaces goes to the start (`before`) or the end (`after`) of what came instead; so does one where
 * something is inserted.
 */
export function mapOffset(offset: number, bias: Bias, edits: Edits): number {
  let shift = 0;
  for (const { start, end, text } of edits) {
    if (offset < start) break;
    if (offset > end || (offset === end && start < end)) {
      shift += text.length - (end - start);
      continue;
    }
    if (offset === start && start < end) return start + shift;
    return start + shift + (bias === 'before' ? 0 : text.length);
  }
  return offset + shift;
}

/** Whether an offset is between the halves of a surrogate pair. */
export function isInsidePair(text: string, offset: number): boolean {
  return (text.charCodeAt(offset - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(offset) & 0xfc00) === 0xdc00;
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}
