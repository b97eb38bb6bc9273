import {
  applyUpdate,
  ContentString,
  createID,
  Doc,
  findIndexSS,
  getState,
  Item,
  type Text,
  type Transaction,
} from 'yjs';
import { type AuthoredUpdate, type Edits, TextUpdateRefused, type EditLog, type CharacterRun } from './engine.js';
import { History } from './history.js';
import { loadHistory } from './yjs-loading.js';
import { Places } from './places.js';
import { checkUpdate, type StructStore } from './update-check.js';
import { readTextUpdate, ROOT, type TextUpdate } from './update-reader.js';
import { contentOf, SURROGATE } from './yjs-item.js';

/** The client that wrote the base; Yjs' own client id is never used besides. */
const BASE_CLIENT = 0;
/** With more stretches changed than this all of the text is walked once. */
const FEW = 48;

/** An update that was taken in. */
export interface Taken extends TextUpdate {
  readonly index: number;
}

/** What a batch of updates did to the text. */
export interface Integrated {
  readonly edits: Edits;
  readonly refused: readonly { readonly index: number; readonly reason: TextUpdateRefused }[];
}

/**
 * A Yjs document with one text. Local changes build Yjs' list items themselves, as `YText.insert` does once it has found the place: finding it is what `Places`
 * does better. Deleted text is dropped, except what holds surrogate pairs (whether an update would split one must be seen alike by all) and what is marked `keep`.
 */
export class YjsText {
  readonly places: Places;
  private readonly doc: Doc;
  private readonly type: Text;

  constructor(seed: string, options: { readonly dropDeleted: boolean }) {
    // Yjs draws a document's name unless given, and a client id in any case: neither is used for anything here.
    this.doc = new Doc({
      guid: ROOT,
      gc: options.dropDeleted,
      gcFilter: (item) => !SURROGATE.test(contentOf(item)),
    });
    this.doc.clientID = BASE_CLIENT;
    this.type = this.doc.getText(ROOT);
    this.places = new Places(this);
    const base = seed.toWellFormed();
    if (base !== '') this.doc.transact((transaction) => this.insert(transaction, BASE_CLIENT, null, base));
  }

  get length(): number {
    return this.type.length;
  }

  get store(): StructStore {
    return this.doc.store;
  }

  get first(): Item | null {
    return this.type._start;
  }

  *items(): IterableIterator<Item> {
    for (let item = this.first; item !== null; item = item.right) yield item;
  }

  /** Runs a change and returns the update that tells others of it; `undefined` when nothing changed. */
  commit(change: (transaction: Transaction) => void): Uint8Array | undefined {
    let update: Uint8Array | undefined;
    const listen = (bytes: Uint8Array): void => {
      update = bytes;
    };
    // Yjs encodes an update only while somebody listens: not for what others sent.
    this.doc.on('update', listen);
    try {
      this.doc.transact(change);
    } finally {
      this.doc.off('update', listen);
    }
    return update;
  }

  /** Inserts text right of `left` (`null`: at the start), in the name of `client`. */
  insert(transaction: Transaction, client: number, left: Item | null, text: string): Item {
    const right = left === null ? this.first : left.right;
    const item = new Item(
      createID(client, getState(this.store, client)),
      left,
      left === null ? null : left.lastId,
      right,
      right === null ? null : right.id,
      this.type,
      null,
      new ContentString(text),
    );
    item.integrate(transaction, 0);
    return item;
  }

  /** Takes in what others wrote. What is refused leaves no trace. */
  integrate(updates: readonly AuthoredUpdate[], taken?: (update: Taken) => void): Integrated {
    const refused: { index: number; reason: TextUpdateRefused }[] = [];
    const edits = this.doc.transact((transaction) => {
      for (const [index, { author, update }] of updates.entries()) {
        try {
          const read = readTextUpdate(update);
          checkUpdate(this.store, read, author);
          taken?.({ ...read, index });
        } catch (error) {
          if (!(error instanceof TextUpdateRefused)) throw error;
          refused.push({ index, reason: error });
          continue;
        }
        applyUpdate(this.doc, update);
      }
      return this.changesIn(transaction);
    });
    return { edits, refused };
  }

  /** Takes in a history in causal order, of which what `integrate` would refuse is left out. Nobody has seen the text yet. */
  load(log: EditLog): void {
    const history = new History(this.first === null ? '' : contentOf(this.first));
    log.tell(history);
    for (const by of history.clients.keys()) history.finish(by);
    if (!loadHistory(this.doc, this.type, history)) this.integrate([...log.updates()]);
  }

  /** What a transaction did so far, upon the text before it. To be asked once, at the end of the transaction, while what is new and what was deleted are stretches of their own. */
  changesIn(transaction: Transaction): Edits {
    const changed = this.changedIn(transaction);
    if (changed.size === 0) return [];
    const hunks = changed.size > FEW ? this.allHunks(changed) : this.fewHunks(changed);
    const edits = hunks.map(({ start, end, text }) => ({ start, end, text }));
    this.places.shift(edits);
    const [hunk] = hunks;
    if (hunk?.last !== undefined)
      this.places.remember(hunk.last, hunk.last.length - 1, hunk.start + hunk.text.length - 1);
    return edits;
  }

  close(): void {
    this.doc.destroy();
  }

  /** The stretches that a transaction showed or hid. Of these the deleted ones were shown before. */
  private changedIn({ beforeState, deleteSet }: Transaction): Set<Item> {
    const changed = new Set<Item>();
    for (const [client, structs] of this.store.clients) {
      const before = beforeState.get(client) ?? 0;
      if (getState(this.store, client) === before) continue;
      for (let at = findIndexSS(structs, before); at < structs.length; at += 1) {
        const item = structs[at];
        if (item instanceof Item && !item.deleted) changed.add(item);
      }
    }
    for (const [client, runs] of deleteSet.clients) {
      const structs = this.store.clients.get(client) ?? [];
      const before = beforeState.get(client) ?? 0;
      for (const { clock, len } of runs) {
        if (clock >= before) continue;
        for (let at = findIndexSS(structs, clock); at < structs.length; at += 1) {
          const item = structs[at];
          if (!(item instanceof Item) || item.id.clock >= clock + len) break;
          changed.add(item);
        }
      }
    }
    return changed;
  }

  private allHunks(changed: ReadonlySet<Item>): Hunk[] {
    const hunks: Hunk[] = [];
    let offset = 0;
    for (let item = this.first; item !== null;) {
      if (changed.has(item)) {
        const { hunk, next } = readHunk(item, offset, changed);
        hunks.push(hunk);
        offset = hunk.end;
        item = next;
      } else {
        if (!item.deleted) offset += item.length;
        item = item.right;
      }
    }
    return hunks;
  }

  private fewHunks(changed: ReadonlySet<Item>): Hunk[] {
    const hunks: Hunk[] = [];
    const seen = new Set<Item>();
    const shown = (item: Item): boolean => item.deleted === changed.has(item);
    for (const item of changed) {
      if (seen.has(item)) continue;
      let first = item;
      // Between the changes of one hunk there is only what was hidden before and after.
      for (let left = item.left; left !== null && (left.deleted || changed.has(left)); left = left.left)
        if (changed.has(left)) first = left;
      hunks.push(readHunk(first, this.places.startOf(first, shown), changed, seen).hunk);
    }
    return hunks.toSorted((a, b) => a.start - b.start);
  }
}

interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The last stretch of `text`. */
  readonly last: Item | undefined;
}

/** Reads a hunk from its first changed stretch on; `offset` is its place in the text before. */
function readHunk(
  first: Item,
  offset: number,
  changed: ReadonlySet<Item>,
  seen?: Set<Item>,
): { readonly hunk: Hunk; readonly next: Item | null } {
  let end = offset;
  let text = '';
  let last: Item | undefined;
  let item: Item | null = first;
  for (; item !== null; item = item.right) {
    if (changed.has(item)) {
      seen?.add(item);
      if (item.deleted) end += item.length;
      else {
        text += contentOf(item);
        last = item;
      }
    } else if (!item.deleted) break;
  }
  return { hunk: { start: offset, end, text, last }, next: item };
}

/** The characters that a transaction deleted. */
export function deletedIn({ deleteSet }: Transaction): CharacterRun[] {
  return [...deleteSet.clients].flatMap(([client, runs]) =>
    runs.map(({ clock, len }) => ({ client, clock, length: len })),
  );
}
