import { CharacterSet } from './character-set.js';
import type { AuthoredUpdate, Edit, OwnPart, TextEngine } from './engine.js';
import { YjsDocument } from './yjs-document.js';
import { contentOf } from './yjs-item.js';
import { type Taken, YjsText } from './yjs-text.js';

/** Texts over Yjs. */
export const yjsEngine: TextEngine = {
  open: (replica, seed, log) => new YjsDocument(replica, seed, log),
  separate,
};

/** A character is known by who wrote it and the how-manieth it was: so each says which update brought it, and each deletion which update names it. */
function separate(
  seed: string,
  settled: readonly AuthoredUpdate[],
  rest: readonly AuthoredUpdate[],
  own: (index: number) => boolean,
): OwnPart {
  // Deleted text is needed: what `rest` deleted may have been there before.
  const text = new YjsText(seed, { dropDeleted: false });
  const settledInserts = new CharacterSet();
  const settledDeletes = new CharacterSet();
  const ownInserts = new CharacterSet();
  const ownDeletes = new CharacterSet();
  settledInserts.add({ client: 0, clock: 0, length: text.length });
  take(text, settled, (update) => addTo(settledInserts, settledDeletes, update));
  take(text, rest, (update) => {
    if (own(update.index)) addTo(ownInserts, ownDeletes, update);
  });
  let before = '';
  const edits: Edit[] = [];
  const replace = (start: number, end: number, inserted: string): void => {
    const last = edits.at(-1);
    if (last !== undefined && last.end === start)
      edits[edits.length - 1] = { start: last.start, end, text: last.text + inserted };
    else edits.push({ start, end, text: inserted });
  };
  for (const item of text.items()) {
    const { client, clock: first } = item.id;
    const end = first + item.length;
    for (let clock = first; clock < end;) {
      const inBase = settledInserts.stretch(client, clock);
      const gone = settledDeletes.stretch(client, clock);
      const mine = ownInserts.stretch(client, clock);
      const deleted = ownDeletes.stretch(client, clock);
      const next = Math.min(end, inBase.end, gone.end, mine.end, deleted.end);
      const part = contentOf(item).slice(clock - first, next - first);
      if (inBase.inside && !gone.inside) {
        if (deleted.inside) replace(before.length, before.length + part.length, '');
        before += part;
      } else if (!inBase.inside && mine.inside && !item.deleted) replace(before.length, before.length, part);
      clock = next;
    }
  }
  text.close();
  return { before, edits };
}

function take(text: YjsText, updates: readonly AuthoredUpdate[], taken: (update: Taken) => void): void {
  const [refused] = text.integrate(updates, taken).refused;
  if (refused !== undefined) throw refused.reason;
}

function addTo(inserted: CharacterSet, deleted: CharacterSet, { client, inserts, deletes }: Taken): void {
  if (client !== undefined) for (const { clock, length } of inserts) inserted.add({ client, clock, length });
  for (const run of deletes) deleted.add(run);
}
