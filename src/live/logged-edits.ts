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
      const units: number[] = [];
      while (seq <= last && typedOn(author, seq, units)) seq += 1;
      yield seq === begin + 1 ? whole : { kind: 'run', whole: { ...whole, text: whole.text + textOfUnits(units) } };
    } else if (whole?.kind === 'erased' && whole.length === 1) {
      while (seq <= last && author.shelf.byte(seq) === ERASES_ON) seq += 1;
      const length = seq - begin;
      yield length === 1 ? whole : { kind: 'run', whole: { ...whole, clock: whole.clock - length + 1, length } };
    } else if (whole !== undefined) yield whole;
  }
}

/** Adds to `units` the character by which an operation goes on from what was typed before; `false` when it does something else. */
function typedOn({ shelf }: Author, seq: number, units: number[]): boolean {
  if (shelf.byte(seq) === GOES_ON && shelf.byte(seq, 1) === 1) {
    units.push(shelf.byte(seq, 2));
    return true;
  }
  const { action } = shelf.read(seq);
  if (action.kind !== 'typed' || action.place !== undefined) return false;
  const text = textOf(action.text);
  if (!isOneCharacter(text)) return false;
  for (let at = 0; at < text.length; at += 1) units.push(text.charCodeAt(at));
  return true;
}

/** As many at once as a call may have arguments. */
const AT_ONCE = 4096;

function textOfUnits(units: readonly number[]): string {
  if (units.length <= AT_ONCE) return String.fromCharCode(...units);
  let text = '';
  for (let at = 0; at < units.length; at += AT_ONCE) text += String.fromCharCode(...units.slice(at, at + AT_ONCE));
  return text;
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
}
