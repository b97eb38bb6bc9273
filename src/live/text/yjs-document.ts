import { createID, getItemCleanEnd, type Item, type Transaction } from 'yjs';
import { LiveError } from '../errors.js';
import type { ReplicaId } from '../ids.js';
import { encodeAnchor, resolveAnchor } from './anchor.js';
import { applyEdits, isInsidePair } from './edits.js';
import type { Applied, AuthoredUpdate, Bias, Edit, Edits, TextDocument, Undone, EditLog } from './engine.js';
import { deleteItem, UndoHistory } from './undo-history.js';
import { contentOf } from './yjs-item.js';
import { YjsText } from './yjs-text.js';

/** After so many changes the text is put together anew when asked for, rather than changed. */
const CHANGES_KEPT = 8;

/** One replicated text over Yjs. */
export class YjsDocument implements TextDocument {
  private readonly replica: ReplicaId;
  private readonly content: YjsText;
  private readonly history: UndoHistory;
  /** The text as it was before `changes`. */
  private known: string | undefined;
  private changes: Edits[] = [];

  constructor(replica: ReplicaId, seed: string, log: EditLog | undefined) {
    this.replica = replica;
    this.content = new YjsText(seed, { dropDeleted: true });
    if (log !== undefined) this.content.load(log);
    this.history = new UndoHistory(this.content, replica);
  }

  get length(): number {
    return this.content.length;
  }

  text(): string {
    if (this.known === undefined) {
      this.known = '';
      for (const item of this.content.items()) if (!item.deleted) this.known += contentOf(item);
    } else for (const edits of this.changes) this.known = applyEdits(this.known, edits);
    this.changes = [];
    return this.known;
  }

  edit(edits: Edits): Uint8Array | undefined {
    let last = 0;
    for (const { start, end } of edits) {
      if (start < last || end < start) throw new LiveError('RANGE_INVALID', 'The ranges overlap or are out of order.');
      this.checkOffset(start);
      this.checkOffset(end);
      last = end;
    }
    const wanted = joined(edits);
    if (wanted.length === 0) return undefined;
    const update = this.content.commit((transaction) => {
      // From the back, so that the offsets before stay as they are.
      for (const edit of wanted.toReversed()) this.replace(transaction, edit);
      this.history.record(transaction);
    });
    this.note(wanted);
    return update;
  }

  apply(update: Uint8Array, author: ReplicaId): Edits {
    const { edits, refused } = this.content.integrate([{ update, author }]);
    const [first] = refused;
    if (first !== undefined) throw first.reason;
    this.note(edits);
    return edits;
  }

  applyAll(updates: readonly AuthoredUpdate[]): Applied {
    const { edits, refused } = this.content.integrate(updates);
    this.note(edits);
    return { edits, refused: refused.map(({ index }) => index) };
  }

  anchor(offset: number, bias: Bias): Uint8Array {
    this.checkOffset(offset);
    return encodeAnchor(this.content, offset, bias);
  }

  resolve(anchor: Uint8Array): number | undefined {
    return resolveAnchor(this.content, anchor);
  }

  checkpoint(): void {
    this.history.checkpoint();
  }

  undo(): Undone | undefined {
    return this.noted(this.history.undo());
  }

  redo(): Undone | undefined {
    return this.noted(this.history.redo());
  }

  close(): void {
    this.content.close();
  }

  private checkOffset(offset: number): void {
    if (!Number.isInteger(offset) || offset < 0 || offset > this.length)
      throw new LiveError('RANGE_INVALID', `Offset ${offset} is outside of the text, which has ${this.length}.`);
    if (offset === 0 || offset === this.length) return;
    // Stretches never part a pair, so both halves of one are in the same.
    const { item, start } = this.content.places.at(offset);
    if (isInsidePair(contentOf(item), offset - start))
      throw new LiveError('RANGE_INVALID', `Offset ${offset} is inside of a surrogate pair.`);
  }

  private replace(transaction: Transaction, { start, end, text }: Edit): void {
    const left = this.leftOf(transaction, start);
    let item = left === null ? this.content.first : left.right;
    for (let rest = end - start; rest > 0 && item !== null; item = item.right) {
      if (item.deleted) continue;
      if (item.length > rest) this.cleanEnd(transaction, item, rest);
      rest -= item.length;
      deleteItem(transaction, item);
    }
    this.content.places.shift([{ start, end, text }]);
    if (text !== '') {
      const inserted = this.content.insert(transaction, this.replica, left, text);
      this.content.places.remember(inserted, text.length - 1, start + text.length - 1);
    } else if (left !== null) this.content.places.remember(left, left.length - 1, start - 1);
  }

  /** The stretch that ends with the character before an offset; split off if need be. */
  private leftOf(transaction: Transaction, offset: number): Item | null {
    if (offset === 0) return null;
    const { item, start } = this.content.places.at(offset - 1);
    if (offset - start < item.length) this.cleanEnd(transaction, item, offset - start);
    return item;
  }

  /** Splits a stretch so that it keeps its first `length` characters. */
  private cleanEnd(transaction: Transaction, { id }: Item, length: number): void {
    getItemCleanEnd(transaction, this.content.store, createID(id.client, id.clock + length - 1));
  }

  private noted(undone: Undone | undefined): Undone | undefined {
    if (undone !== undefined) this.note(undone.edits);
    return undone;
  }

  private note(edits: Edits): void {
    if (this.known === undefined || edits.length === 0) return;
    if (this.changes.length < CHANGES_KEPT) this.changes.push(edits);
    else {
      this.known = undefined;
      this.changes = [];
    }
  }
}

/** Well-formed edits without empty ones; those that touch are one, so that what is inserted never stands next to other inserted text. */
function joined(edits: Edits): Edit[] {
  const result: Edit[] = [];
  for (const { start, end, text } of edits) {
    if (start === end && text === '') continue;
    const last = result.at(-1);
    const whole = text.toWellFormed();
    if (last !== undefined && last.end === start)
      result[result.length - 1] = { start: last.start, end, text: last.text + whole };
    else result.push({ start, end, text: whole });
  }
  return result;
}
