import { createID, getItem, getItemCleanEnd, getItemCleanStart, getState, type Item, type Transaction } from 'yjs';
import type { ReplicaId } from '../ids.js';
import type { Undone, CharacterRun } from './engine.js';
import { contentOf } from './yjs-item.js';
import { deletedIn, type YjsText } from './yjs-text.js';

/** What one `undo` takes back: the characters that were inserted and those that were deleted. */
interface Group {
  readonly inserted: CharacterRun[];
  readonly deleted: CharacterRun[];
}

/**
 * What one replica did to a text, in groups. In place of Yjs' `UndoManager`, which groups by the clock on the wall, and at each edit goes over all deletions of the group.
 * Undoing an insertion deletes what is left of it; undoing a deletion inserts the same text in the same place anew, and `redone` leads from the old characters to the new ones, as with Yjs.
 */
export class UndoHistory {
  private readonly text: YjsText;
  private readonly replica: ReplicaId;
  private done: Group[] = [];
  private undone: Group[] = [];
  private open = false;

  constructor(text: YjsText, replica: ReplicaId) {
    this.text = text;
    this.replica = replica;
  }

  checkpoint(): void {
    this.open = false;
  }

  /** Adds what a local edit did, at the end of its transaction. */
  record(transaction: Transaction): void {
    const { inserted, deleted } = this.groupOf(transaction);
    if (inserted.length === 0 && deleted.length === 0) return;
    this.undone = [];
    let group = this.done.at(-1);
    if (!this.open || group === undefined) this.done.push((group = { inserted: [], deleted: [] }));
    for (const run of inserted) addRun(group.inserted, run);
    for (const run of deleted) addRun(group.deleted, run);
    this.open = true;
  }

  undo(): Undone | undefined {
    return this.revert(this.done, this.undone);
  }

  redo(): Undone | undefined {
    return this.revert(this.undone, this.done);
  }

  /** Takes back the last group of `from` of which anything is left; what takes that back goes to `to`. */
  private revert(from: Group[], to: Group[]): Undone | undefined {
    this.open = false;
    for (let group = from.pop(); group !== undefined; group = from.pop()) {
      const { inserted, deleted } = group;
      let inverse: Group | undefined;
      let edits: Undone['edits'] = [];
      const update = this.text.commit((transaction) => {
        // What the group itself had inserted before it deleted it is not to come back.
        for (const run of deleted) for (const part of without(run, inserted)) this.restore(transaction, part);
        for (const run of inserted) this.remove(transaction, run);
        inverse = this.groupOf(transaction);
        edits = this.text.changesIn(transaction);
      });
      if (update === undefined || inverse === undefined) continue;
      to.push(inverse);
      return { edits, update };
    }
    return undefined;
  }

  private groupOf(transaction: Transaction): Group {
    const clock = transaction.beforeState.get(this.replica) ?? 0;
    const length = getState(this.text.store, this.replica) - clock;
    return { inserted: length > 0 ? [{ client: this.replica, clock, length }] : [], deleted: deletedIn(transaction) };
  }

  /** Inserts deleted text anew. */
  private restore(transaction: Transaction, run: CharacterRun): void {
    for (const item of this.itemsOf(transaction, run))
      item.redone = this.text.insert(transaction, this.replica, item.left, contentOf(item)).id;
  }

  private remove(transaction: Transaction, run: CharacterRun): void {
    for (const item of this.itemsOf(transaction, run)) {
      if (item.redone !== null) this.remove(transaction, { ...item.redone, length: item.length });
      else deleteItem(transaction, item);
    }
  }

  /** The stretches that are just these characters. */
  private *itemsOf(transaction: Transaction, { client, clock, length }: CharacterRun): IterableIterator<Item> {
    const { store } = this.text;
    const end = clock + length;
    getItemCleanEnd(transaction, store, createID(client, end - 1));
    let item = getItemCleanStart(transaction, createID(client, clock));
    for (;;) {
      const next = item.id.clock + item.length;
      yield item;
      if (next >= end) return;
      item = getItem(store, createID(client, next));
    }
  }
}

/** Deletes a stretch on this replica's behalf; its text is kept, to be undone. */
export function deleteItem(transaction: Transaction, item: Item): void {
  if (item.deleted) return;
  item.delete(transaction);
  item.keep = true;
}

/** Adds a run, joined to the last one where they adjoin. */
function addRun(runs: CharacterRun[], run: CharacterRun): void {
  const last = runs.at(-1);
  const { client, clock, length } = run;
  if (last !== undefined && last.client === client && last.clock + last.length === clock)
    runs[runs.length - 1] = { client, clock: last.clock, length: last.length + length };
  else if (last !== undefined && last.client === client && clock + length === last.clock)
    runs[runs.length - 1] = { client, clock, length: length + last.length };
  else runs.push(run);
}

/** What of a run is in none of the others. */
function without(run: CharacterRun, others: readonly CharacterRun[]): CharacterRun[] {
  const { client } = run;
  let rest = [run];
  for (const other of others) {
    if (other.client !== client) continue;
    const end = other.clock + other.length;
    rest = rest.flatMap(({ clock, length }) =>
      [
        { client, clock, length: Math.min(length, other.clock - clock) },
        { client, clock: Math.max(clock, end), length: Math.min(length, clock + length - end) },
      ].filter((part) => part.length > 0),
    );
  }
  return rest;
}
