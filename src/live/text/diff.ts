import type { Edits } from './engine.js';
/** The smallest edits from one text to another. */
export function diffTexts(before: string, after: string): Edits {
  return before === after ? [] : [{ start: 0, end: before.length, text: after }];
}
