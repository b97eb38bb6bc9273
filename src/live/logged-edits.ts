import type { Author } from './author.js';
import type { LoggedEdit } from './text/engine.js';
import { ERASES_ON, GOES_ON } from './wire/operation-codec.js';
import { textOf } from './wire/stroke-codec.js';

/** What of an author's operations `first` to `last` edits a text, strokes that go on from one another as runs. */
export function* editsOf(author: Author, first: number, last: number): Generator<LoggedEdit> {
  for (let seq = first; seq <= last;) {
    const whole = author.editAt(seq);
    const begin = seq;
    seq += 1;
    if (whole?.kind === 'typed' && isOneCharacter(whole.text)) {
      let { text } = whole;
      for (; seq <= last; seq += 1) {
        const more = typedOn(author, seq);
        if (more === undefined) break;
        text += more;
      }
      yield seq === begin + 1 ? whole : { kind: 'run', whole: { ...whole, text } };
    } else if (whole?.kind === 'erased' && whole.length === 1) {
      while (seq <= last && author.shelf.byte(seq) === ERASES_ON) seq += 1;
      const length = seq - begin;
      yield length === 1 ? whole : { kind: 'run', whole: { ...whole, clock: whole.clock - length + 1, length } };
    } else if (whole !== undefined) yield whole;
  }
}

/** The character that an operation adds to what was typed before; `undefined` when it does something else. */
function typedOn({ shelf }: Author, seq: number): string | undefined {
  if (shelf.byte(seq) === GOES_ON && shelf.byte(seq, 1) === 1) return String.fromCharCode(shelf.byte(seq, 2));
  const { action } = shelf.read(seq);
  if (action.kind !== 'typed' || action.place !== undefined) return undefined;
  const text = textOf(action.text);
  return isOneCharacter(text) ? text : undefined;
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
}
