import { ContentDeleted, ContentString, createID, type Doc, type ID, Item, type Text } from 'yjs';
import { ERASED, type History } from './history.js';
import { Weave } from './weave.js';
import { SURROGATE } from './yjs-item.js';

/** Items that are one behind the other, in the text as well as by clock, and the stretch right of them. */
interface Chain {
  readonly head: Item;
  readonly tail: Item;
  readonly right: number;
}

/**
 * Makes of a history what Yjs would have made of it, in a text of which nobody has seen anything yet: one item of all that Yjs would have joined. Returns `false` and does nothing when it has
 * to be read edit by edit.
 */
export function loadHistory(doc: Doc, text: Text, history: History): boolean {
  if (!history.isSound) return false;
  const weave = new Weave(history);
  if (!weave.run()) return false;
  const gone = erasedIn(history);
  /** By their first stretch. */
  const chains: Chain[] = [];
  let length = 0;
  for (const [by, client] of history.clients.entries()) {
    const items: Item[] = [];
    for (let stretch = weave.firsts[by]!; stretch < weave.firsts[by + 1]!;) {
      const next = weave.endOfChain(stretch);
      const from = items.length;
      addItems(items, history, weave, stretch, next, gone[by]!, text);
      chains[stretch] = { head: items[from]!, tail: items.at(-1)!, right: weave.right[next - 1]! };
      stretch = next;
    }
    if (items.length > 0) doc.store.clients.set(client, items);
    for (const item of items) if (!item.deleted) length += item.length;
  }
  let last: Item | null = null;
  for (let at = weave.right[0]!; at !== 0;) {
    const { head, tail, right }: Chain = chains[at]!;
    head.left = last;
    if (last === null) text._start = head;
    else last.right = head;
    last = tail;
    at = right;
  }
  text._length = length;
  return true;
}

/** By client and character: 1 when it was erased. */
function erasedIn({ lengths, erased }: History): Uint8Array[] {
  const gone = lengths.map((length) => new Uint8Array(length));
  for (let at = 0; at < erased.length; at += ERASED) gone[erased[at]!]!.fill(1, erased[at + 1], erased[at + 2]);
  return gone;
}

/** Adds the items of a chain: from stretch `first` on up to `next`, parted where erased text begins and ends. */
function addItems(
  items: Item[],
  { clients, texts }: History,
  weave: Weave,
  first: number,
  next: number,
  gone: Uint8Array,
  text: Text,
): void {
  const { owners, clocks } = weave;
  const owner = owners[first]!;
  const client = clients[owner]!;
  const left = weave.origins[first]!;
  const right = weave.rightOrigins[first]!;
  const rightOrigin = right === 0 ? null : createID(clients[owners[right]!]!, clocks[right]!);
  let origin: ID | null = left === 0 ? null : createID(clients[owners[left]!]!, weave.endOf(left) - 1);
  let last: Item | null = null;
  const end = weave.endOf(next - 1);
  for (let clock = clocks[first]!; clock < end;) {
    const from = clock;
    const state = gone[from];
    while (clock < end && gone[clock] === state) clock += 1;
    const part = texts[owner]!.slice(from, clock);
    const content = state === 1 && !SURROGATE.test(part) ? new ContentDeleted(clock - from) : new ContentString(part);
    const item: Item = new Item(createID(client, from), last, origin, null, rightOrigin, text, null, content);
    if (state === 1) item.markDeleted();
    if (last !== null) last.right = item;
    items.push((last = item));
    origin = createID(client, clock - 1);
  }
}
