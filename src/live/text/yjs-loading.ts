import { ContentDeleted, ContentString, createID, type Doc, type ID, Item, type Text } from 'yjs';
import { type History } from './history.js';
import { Weave } from './weave.js';
import { SURROGATE } from './yjs-item.js';

/**
 * Makes of a history what Yjs would have made of it, in a text of which nobody has seen anything yet: one item for all that Yjs would have joined. Returns `false` and does nothing when it has
 * to be read edit by edit.
 */
export function loadHistory(doc: Doc, text: Text, history: History): boolean {
  if (!history.isSound) return false;
  const weave = new Weave(history);
  if (!weave.run()) return false;
  new Loading(text, history, weave).load(doc);
  return true;
}

class Loading {
  readonly #text: Text;
  readonly #history: History;
  readonly #weave: Weave;
  /** By stretch: the first and the last item of those that begin with it and were typed as one, and the stretch right of these. */
  readonly #heads: Item[] = [];
  readonly #tails: Item[] = [];
  readonly #next: Int32Array;

  constructor(text: Text, history: History, weave: Weave) {
    this.#text = text;
    this.#history = history;
    this.#weave = weave;
    this.#next = new Int32Array(weave.right.length);
  }

  load(doc: Doc): void {
    const gone = this.#gone();
    let length = 0;
    for (const [by, client] of this.#history.clients.entries()) {
      const items = this.#itemsOf(by, gone[by] ?? new Uint8Array());
      if (items.length > 0) doc.store.clients.set(client, items);
      for (const item of items) if (!item.deleted) length += item.length;
    }
    this.#text._start = this.#link();
    this.#text._length = length;
  }

  /** By client and character: 1 when it was erased. */
  #gone(): Uint8Array[] {
    const gone = this.#history.lengths.map((length) => new Uint8Array(length));
    for (const runs of [this.#history.erased, this.#history.erasedSingly])
      for (let at = 0; at < runs.length; at += 3) gone[runs[at]!]!.fill(1, runs[at + 1], runs[at + 2]);
    return gone;
  }

  /** All items of a client. */
  #itemsOf(by: number, gone: Uint8Array): Item[] {
    const { firsts, right, origins, rightOrigins, clocks } = this.#weave;
    const client = this.#history.clients[by] ?? 0;
    const text = this.#history.texts[by] ?? '';
    const items: Item[] = [];
    const stop = firsts[by + 1] ?? 0;
    for (let first = firsts[by] ?? 0; first < stop;) {
      let next = first + 1;
      while (
        next < stop &&
        right[next - 1] === next &&
        origins[next] === next - 1 &&
        rightOrigins[next] === rightOrigins[first]
      )
        next += 1;
      const rightOrigin = this.#beginOf(rightOrigins[first]!);
      const end = this.#weave.endOf(next - 1);
      let item: Item | null = null;
      for (let clock = clocks[first]!; clock < end;) {
        const from = clock;
        const deleted = gone[from] === 1;
        while (clock < end && (gone[clock] === 1) === deleted) clock += 1;
        const origin: ID | null = item === null ? this.#lastOf(origins[first]!) : createID(client, from - 1);
        const part = text.slice(from, clock);
        const content = deleted && !SURROGATE.test(part) ? new ContentDeleted(part.length) : new ContentString(part);
        const made: Item = new Item(createID(client, from), item, origin, null, rightOrigin, this.#text, null, content);
        if (deleted) made.markDeleted();
        if (item === null) this.#heads[first] = made;
        else item.right = made;
        items.push((item = made));
      }
      this.#tails[first] = item!;
      this.#next[first] = right[next - 1]!;
      first = next;
    }
    return items;
  }

  #beginOf(stretch: number): ID | null {
    const { owners, clocks } = this.#weave;
    return stretch === 0 ? null : createID(this.#history.clients[owners[stretch]!]!, clocks[stretch]!);
  }

  #lastOf(stretch: number): ID | null {
    const { owners } = this.#weave;
    return stretch === 0 ? null : createID(this.#history.clients[owners[stretch]!]!, this.#weave.endOf(stretch) - 1);
  }

  /** Links items in the order of the text; returns the first. */
  #link(): Item | null {
    let start: Item | null = null;
    let last: Item | null = null;
    for (let at = this.#weave.right[0]!; at !== 0; at = this.#next[at]!) {
      const head = this.#heads[at]!;
      head.left = last;
      if (last === null) start = head;
      else last.right = head;
      last = this.#tails[at]!;
    }
    return start;
  }
}
