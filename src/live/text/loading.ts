import {
  applyUpdate,
  ContentString,
  createID,
  getItem,
  getItemCleanEnd,
  getItemCleanStart,
  getState,
  Item,
  type Text,
  type Transaction,
} from 'yjs';
import type { ReplicaId } from '../ids.js';
import { Cuts } from './cuts.js';
import { isInsidePair } from './edits.js';
import {
  TextUpdateRefused,
  type Erased,
  type LoggedEdit,
  type Stroke,
  type Typed,
  type CharacterId,
} from './engine.js';
import { strokesOf, updateOf } from './stroke.js';
import { checkUpdate } from './update-check.js';
import { readTextUpdate } from './update-reader.js';
import { contentOf, SURROGATE } from './yjs-item.js';

/**
 * Brings a history into a text: strokes without Yjs' updates, and those of a run as one. That comes to what they come to one by one: of what is typed behind what its author
 * typed before, between the same characters, each stroke can be taken if the first can, and Yjs joins it to the one before; of what is erased, each by itself is
 * asked for where one may be refused and another not.
 */
export class Loading {
  readonly #transaction: Transaction;
  readonly #text: Text;

  readonly #cuts: Cuts;

  constructor(transaction: Transaction, text: Text, history: readonly LoggedEdit[]) {
    this.#transaction = transaction;
    this.#text = text;
    this.#cuts = new Cuts(history);
  }

  take(edit: LoggedEdit): void {
    try {
      if (edit.kind === 'update') this.#update(edit.update, edit.author);
      else if (edit.kind !== 'run') {
        if (!this.#stroke(edit)) this.#update(updateOf(edit), edit.kind === 'typed' ? edit.author : edit.client);
      } else if (!this.#stroke(edit.whole)) for (const stroke of strokesOf(edit)) this.take(stroke);
    } catch (error) {
      if (!(error instanceof TextUpdateRefused)) throw error;
    }
  }

  /**
   * Joins stretches that adjoin, as Yjs does at the end of a transaction; but there each that is joined moves all behind it. To be called once, when all
   * is taken.
   */
  join(): void {
    for (const structs of this.#transaction.doc.store.clients.values()) {
      let kept = 0;
      for (const struct of structs) {
        const last = structs[kept - 1];
        const joined =
          last instanceof Item && struct instanceof Item && last.deleted === struct.deleted && last.mergeWith(struct);
        if (joined) continue;
        structs[kept] = struct;
        kept += 1;
      }
      structs.length = kept;
    }
  }

  #update(update: Uint8Array, author: ReplicaId): void {
    const { doc } = this.#transaction;
    checkUpdate(doc.store, readTextUpdate(update), author);
    applyUpdate(doc, update);
  }

  /** `false` when nothing was done, because it has to be done in the usual way. @throws TextUpdateRefused */
  #stroke(stroke: Stroke): boolean {
    return stroke.kind === 'typed' ? this.#type(stroke) : this.#erase(stroke);
  }

  #type(typed: Typed): boolean {
    const { store } = this.#transaction.doc;
    const { author, clock, text } = typed;
    // Of a run that does not follow on what its author wrote some may be there, and others not.
    if (clock !== getState(store, author)) return false;
    const left = typed.origin === undefined ? null : this.#endOf(typed.origin);
    const right = typed.rightOrigin === undefined ? null : this.#startOf(typed.rightOrigin);
    // The right one may have been split off of the left one: then it was before its end.
    if (left !== null && right !== null && (left.lastId.clock !== typed.origin?.clock || !isBefore(left, right)))
      return true;
    let before = left;
    const end = clock + text.length;
    for (let from = clock; from < end;) {
      const to = this.#cuts.end(typed, from);
      const item = new Item(
        createID(author, from),
        before,
        before === null ? null : before.lastId,
        right,
        right === null ? null : right.id,
        this.#text,
        null,
        new ContentString(text.slice(from - clock, to - clock)),
      );
      item.integrate(this.#transaction, 0);
      before = item;
      from = to;
    }
    return true;
  }

  /** The stretch that ends with a character, split off if need be. @throws TextUpdateRefused */
  #endOf(character: CharacterId): Item {
    const item = this.#itemOf(character);
    const length = character.clock - item.id.clock + 1;
    if (length === item.length) return item;
    refusePair(item, length);
    return getItemCleanEnd(this.#transaction, this.#transaction.doc.store, createID(character.client, character.clock));
  }

  /** The stretch that begins with a character, split off if need be. @throws TextUpdateRefused */
  #startOf(character: CharacterId): Item {
    const item = this.#itemOf(character);
    const before = character.clock - item.id.clock;
    if (before === 0) return item;
    refusePair(item, before);
    return getItemCleanStart(this.#transaction, createID(character.client, character.clock));
  }

  #itemOf({ client, clock }: CharacterId): Item {
    const { store } = this.#transaction.doc;
    if (clock >= getState(store, client)) throw new TextUpdateRefused('It is put next to text that is not there.');
    return getItem(store, createID(client, clock));
  }

  #erase(run: Erased): boolean {
    const { client, clock, length } = run;
    const end = clock + length;
    if (end > getState(this.#transaction.doc.store, client)) return false;
    for (let at = clock; at < end;) {
      const item = this.#itemOf({ client, clock: at });
      const until = item.id.clock + item.length;
      // Which of its characters make pairs is asked one by one.
      if (SURROGATE.test(contentOf(item))) return false;
      at = until;
    }
    for (let at = clock; at < end;) {
      let item = this.#itemOf({ client, clock: at });
      if (!item.deleted) {
        if (item.id.clock < at) item = this.#startOf({ client, clock: at });
        if (item.id.clock + item.length > end) item = this.#endOf({ client, clock: end - 1 });
        item.delete(this.#transaction);
      }
      at = item.id.clock + item.length;
    }
    return true;
  }
}

function refusePair(item: Item, within: number): void {
  if (isInsidePair(contentOf(item), within)) throw new TextUpdateRefused('It parts a surrogate pair.');
}

function isBefore(left: Item, right: Item): boolean {
  for (let item = left.right; item !== null; item = item.right) if (item === right) return true;
  return false;
}
