import { ContentString, createID, type Doc, getItem, getState } from 'yjs';
import type { ReplicaId } from '../ids.js';
import { isInsidePair } from './edits.js';
import { TextUpdateRefused, type CharacterId } from './engine.js';
import type { InsertedRun, TextUpdate } from './update-reader.js';

/** All that a document holds, by client. */
export type StructStore = Doc['store'];

/**
 * Whether an update can be taken in as it is and at once: all of it by its author, following on what the author wrote before, between characters that exist and in
 * their order, and without parting a surrogate pair. (Yjs itself would keep back what does not fit, for ever, and mend halves of pairs.) One that was taken in before fits.
 * @throws TextUpdateRefused
 */
export function checkUpdate(store: StructStore, { client, inserts, deletes }: TextUpdate, author: ReplicaId): void {
  if (client !== undefined && client !== author)
    throw new TextUpdateRefused(`The update of replica ${author} writes in the name of ${client}.`);
  const [first] = inserts;
  const last = inserts.at(-1);
  if (first !== undefined && last !== undefined) {
    const state = getState(store, author);
    if (first.clock !== state && last.clock + last.length > state)
      throw new TextUpdateRefused('The update does not follow on what its author wrote before.');
  }
  for (const insert of inserts) checkPlace(store, insert);
  for (const { client: of, clock, length } of deletes) {
    const state = getState(store, of);
    if (clock + length > state) throw new TextUpdateRefused('The update deletes text that is not there.');
    if (partsPair(store, of, clock) || (clock + length < state && partsPair(store, of, clock + length)))
      throw new TextUpdateRefused('The update deletes half of a surrogate pair.');
  }
}

function checkPlace(store: StructStore, { origin, rightOrigin }: InsertedRun): void {
  for (const neighbour of [origin, rightOrigin])
    if (neighbour !== undefined && neighbour.clock >= getState(store, neighbour.client))
      throw new TextUpdateRefused('The update inserts next to text that is not there.');
  const after = origin === undefined ? undefined : { client: origin.client, clock: origin.clock + 1 };
  if (
    (after !== undefined &&
      after.clock < getState(store, after.client) &&
      partsPair(store, after.client, after.clock)) ||
    (rightOrigin !== undefined && partsPair(store, rightOrigin.client, rightOrigin.clock))
  )
    throw new TextUpdateRefused('The update inserts into a surrogate pair.');
  if (origin !== undefined && rightOrigin !== undefined && !precedes(store, origin, rightOrigin))
    throw new TextUpdateRefused('The update inserts before what it is to follow.');
}

/** Whether a surrogate pair would be parted by a cut just before a character. */
function partsPair(store: StructStore, client: number, clock: number): boolean {
  const { id, content } = getItem(store, createID(client, clock));
  const within = clock - id.clock;
  return within > 0 && content instanceof ContentString && isInsidePair(content.str, within);
}

function precedes(store: StructStore, a: CharacterId, b: CharacterId): boolean {
  const from = getItem(store, createID(a.client, a.clock));
  const to = getItem(store, createID(b.client, b.clock));
  if (from === to) return a.clock < b.clock;
  for (let item = from.right; item !== null; item = item.right) if (item === to) return true;
  return false;
}
