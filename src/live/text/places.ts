import { createID, getItem, type Item } from 'yjs';
import type { Edits } from './engine.js';

/** A character that is shown, and the offset at which. */
interface Mark {
  client: number;
  clock: number;
  offset: number;
}

/** The text in which places are looked for. */
interface Stretches {
  readonly first: Item | null;
  readonly store: Parameters<typeof getItem>[0];
}

/** A stretch of the text and the offset at which it begins. */
export interface Place {
  readonly item: Item;
  readonly start: number;
}

const MARKS = 32;
/** A mark so near to another takes its place. */
const NEAR = 64;
/** So many stretches are compared with all marks before the marks are looked up. */
const STEPS = 6;

/**
 * Goes from offsets to the stretches of Yjs' list and back without walking all of it: remembers where some characters are. (Yjs' own search markers
 * go one way only and are dropped at each remote change.) Marks name characters, not stretches, which come and go by splitting and merging.
 */
export class Places {
  private readonly text: Stretches;
  private marks: Mark[] = [];
  private oldest = 0;

  constructor(text: Stretches) {
    this.text = text;
  }

  /** The stretch that shows the character at `offset`; that must be within the text. */
  at(offset: number): Place {
    let nearest: Mark | undefined;
    let distance = offset;
    for (const mark of this.marks) {
      const far = Math.abs(mark.offset - offset);
      if (far < distance) {
        nearest = mark;
        distance = far;
      }
    }
    let item = nearest === undefined ? this.text.first : this.itemOf(nearest);
    let start = nearest === undefined || item === null ? 0 : nearest.offset - (nearest.clock - item.id.clock);
    while (item !== null && offset < start) {
      item = item.left;
      if (item !== null && !item.deleted) start -= item.length;
    }
    while (item !== null && (item.deleted || offset >= start + item.length)) {
      if (!item.deleted) start += item.length;
      item = item.right;
    }
    if (item === null) throw new RangeError('No character of the text is there.');
    if (distance > NEAR) this.remember(item, offset - start, offset);
    return { item, start };
  }

  /**
   * Where a stretch begins: how much is shown before it. `shows` tells what was shown when the marks were last moved along.
   */
  startOf(item: Item, shows: (item: Item) => boolean): number {
    let before = 0;
    let step = 0;
    let marked: Map<Item, Mark> | undefined;
    for (let at = item; ;) {
      const mark = step < STEPS ? this.markIn(at) : (marked ??= this.markedItems()).get(at);
      if (mark !== undefined) return mark.offset - (mark.clock - at.id.clock) + before;
      step += 1;
      if (at.left === null) return before;
      at = at.left;
      if (shows(at)) before += at.length;
    }
  }

  /** Remembers where a character that is shown is. */
  remember(item: Item, within: number, offset: number): void {
    const mark = { client: item.id.client, clock: item.id.clock + within, offset };
    const near = this.marks.findIndex((other) => Math.abs(other.offset - offset) < NEAR);
    if (near >= 0) this.marks[near] = mark;
    else if (this.marks.length < MARKS) this.marks.push(mark);
    else {
      this.marks[this.oldest] = mark;
      this.oldest = (this.oldest + 1) % MARKS;
    }
  }

  /** Moves the marks along with a change. */
  shift(edits: Edits): void {
    if (edits.length > MARKS) {
      this.marks = [];
      return;
    }
    const [first] = edits;
    if (first === undefined) return;
    let lost = false;
    for (const mark of this.marks) {
      if (mark.offset < first.start) continue;
      let shift = 0;
      for (const { start, end, text } of edits) {
        if (mark.offset < start) break;
        if (mark.offset < end) {
          shift = Number.NEGATIVE_INFINITY;
          lost = true;
          break;
        }
        shift += text.length - (end - start);
      }
      mark.offset += shift;
    }
    if (lost) {
      this.marks = this.marks.filter(({ offset }) => offset >= 0);
      this.oldest = 0;
    }
  }

  private itemOf({ client, clock }: Mark): Item {
    return getItem(this.text.store, createID(client, clock));
  }

  private markIn({ id, length }: Item): Mark | undefined {
    for (const mark of this.marks)
      if (mark.client === id.client && mark.clock >= id.clock && mark.clock < id.clock + length) return mark;
    return undefined;
  }

  private markedItems(): Map<Item, Mark> {
    return new Map(this.marks.map((mark) => [this.itemOf(mark), mark]));
  }
}
