import { isInsidePair } from './edits.js';
import type { LoggedEdit, Stroke, Typed } from './engine.js';

/**
 * Where the stretches of a history are to be parted, known before they are made: parting one later would move all stretches behind it that its author wrote, which for
 * long histories is most of the work.
 */
export class Cuts {
  /** Of each author by clock: 1 where a stretch begins. */
  readonly #begins = new Map<number, Uint8Array>();

  constructor(history: readonly LoggedEdit[]) {
    this.#makeRoom(history);
    for (const edit of history) {
      const stroke = strokeOf(edit);
      if (stroke?.kind === 'erased') {
        this.#cut(stroke.client, stroke.clock);
        this.#cut(stroke.client, stroke.clock + stroke.length);
      } else if (stroke !== undefined) {
        const { author, clock, origin, rightOrigin } = stroke;
        // Behind what its author typed just before nothing is parted.
        if (origin !== undefined && (origin.client !== author || origin.clock + 1 !== clock))
          this.#cut(origin.client, origin.clock + 1);
        if (rightOrigin !== undefined) this.#cut(rightOrigin.client, rightOrigin.clock);
      }
    }
  }

  /** As much as the text takes; a clock far beyond that is none that an honest author has. */
  #makeRoom(history: readonly LoggedEdit[]): void {
    const ends = new Map<number, { end: number; length: number }>();
    for (const edit of history) {
      const stroke = strokeOf(edit);
      if (stroke?.kind !== 'typed') continue;
      let known = ends.get(stroke.author);
      if (known === undefined) ends.set(stroke.author, (known = { end: 0, length: 0 }));
      known.end = Math.max(known.end, stroke.clock + stroke.text.length);
      known.length += stroke.text.length;
    }
    for (const [author, { end, length }] of ends)
      this.#begins.set(author, new Uint8Array(Math.min(end, 2 * length + 1024)));
  }

  #cut(client: number, clock: number): void {
    const begins = this.#begins.get(client);
    if (begins !== undefined && clock < begins.length) begins[clock] = 1;
  }

  /** Where the part of what was typed ends that begins at `clock`; a pair is never parted. */
  end({ author, clock: first, text }: Typed, clock: number): number {
    const begins = this.#begins.get(author);
    const end = first + text.length;
    for (let at = clock + 1; at < end; at += 1) if (begins?.[at] === 1 && !isInsidePair(text, at - first)) return at;
    return end;
  }
}

function strokeOf(edit: LoggedEdit): Stroke | undefined {
  if (edit.kind === 'run') return edit.whole;
  return edit.kind === 'update' ? undefined : edit;
}
