import { Author } from './author.js';
import { LiveError } from './errors.js';
import {
  compareStamps,
  madeNode,
  type NodeId,
  type Oid,
  type OperationId,
  type ReplicaId,
  type Vector,
  type Version,
} from './ids.js';
import type { Action, Epoch, Operation } from './operation.js';
import { beyond } from './version.js';
import type { Shelf } from './shelf.js';
import { Spans } from './spans.js';
import type { AuthoredUpdate, EditReader } from './text/engine.js';
import { type Batch, readShelf } from './wire/batch-codec.js';
import { enclose, KIND } from './wire/envelope.js';
import { TIME_JUMP } from './wire/fields.js';
import { encodeEpoch } from './wire/messages.js';
import { type Dep, writeOperation, type WireAction } from './wire/operation-codec.js';
import { isRefusal, Refused, refusing, type Refusal } from './wire/refusal.js';
import { Reader, Writer } from './wire/varint.js';

/** An operation that cannot be used before another has come. */
export interface Waits {
  readonly waitsFor: OperationId;
}

/** Edits of one text, by one author one after the other, that are in the log. */
export interface TextSpan {
  readonly kind: 'texts';
  readonly replica: ReplicaId;
  readonly first: number;
  readonly last: number;
  /** Of the last. */
  readonly time: number;
  readonly node: NodeId;
  /** The blob that they name. */
  readonly base: Oid | null;
}

/** What came into a log: edits of texts are made into objects only when somebody reads them. */
export type Arrival = Operation | TextSpan;

export function isTextSpan(arrival: Arrival): arrival is TextSpan {
  return 'kind' in arrival;
}

/** A message of operations is cut behind so many bytes, so that a transport can send them in parts. */
const MESSAGE_BYTES = 2 ** 18;

/**
 * The operations of one epoch that are integrated, each after all that its author had seen. They are kept as the bytes in which they
 * came; each is made into an object when it is asked for, and what it holds of bytes lies in the log: not to be written to.
 */
export class Log {
  readonly epoch: Epoch;
  readonly #authors = new Map<ReplicaId, Author>();
  readonly #vector = new Map<ReplicaId, number>();
  /** In the order of integration. */
  readonly #order = new Spans<Author>();
  readonly #histories = new Map<NodeId, Spans<Author>>();
  #time: number;

  constructor(epoch: Epoch) {
    this.epoch = epoch;
    this.#time = epoch.id.time;
  }

  /** The greatest time in it, or its epoch's. */
  get time(): number {
    return this.#time;
  }

  /** How many of each replica; grows with the log. */
  get vector(): Vector {
    return this.#vector;
  }

  /** As it is now, for keeping. */
  version(): Version {
    return { epoch: this.epoch.id, vector: new Map(this.#vector) };
  }

  /** The seq that the next operation of `replica` bears. */
  nextSeq(replica: ReplicaId): number {
    return (this.#vector.get(replica) ?? 0) + 1;
  }

  /**
   * Adds an operation of one's own: its seq, its time and what was newly observed follow from the log. Its time is later than `after`, a time heard
   * of elsewhere, unless that is more than 2^28 ahead of the log. The `node` of a new entry's `create` is
   * `madeNode(epoch.id, {replica, seq: nextSeq(replica)})`.
   * @throws LiveError ARGUMENT_INVALID, NAME_INVALID: others would refuse it
   */
  write(replica: ReplicaId, action: Action, after = 0): Operation {
    if (!Number.isInteger(replica) || replica < 1 || replica >= 2 ** 32)
      throw new LiveError('ARGUMENT_INVALID', `${replica} is no replica: an integer from 1 to 2^32-1.`);
    const author = this.#authors.get(replica) ?? new Author(this.epoch.id, replica);
    const news = beyond(this.#vector, author.names.observed).filter((span) => span.replica !== replica);
    const deps = news.map((span) => author.names.depOn(span.replica, span.upTo));
    const earliest = author.earliest(
      news.map((span) => ({ replica: span.replica, seq: span.upTo })),
      this.#authors,
    );
    const writer = new Writer();
    writeOperation(writer, this.epoch.id, {
      step: Math.min(Math.max(after + 1 - earliest, 0), TIME_JUMP),
      deps,
      action: this.#toWire(author, action, deps),
    });
    const taken = this.accept(replica, writer.view());
    if ('action' in taken) return taken;
    throw new LiveError('ARGUMENT_INVALID', isRefusal(taken) ? taken.message : 'It refers to what is not there.');
  }

  #toWire(author: Author, action: Action, deps: readonly Dep[]): WireAction {
    if (action.kind === 'resolve') return action;
    const own = madeNode(this.epoch.id, { replica: author.replica, seq: author.count + 1 });
    const node = author.names.referenceTo(action.node);
    switch (action.kind) {
      case 'create':
        return {
          ...action,
          node: action.node === own ? null : node,
          parent: author.names.referenceTo(action.parent),
        };
      case 'move':
        return { ...action, node, parent: action.parent === null ? null : author.names.referenceTo(action.parent) };
      case 'text':
        return author.edit(action.node, action.base, action.update, deps);
      default:
        return { ...action, node };
    }
  }

  /**
   * Adds the next operation of a replica out of its bytes, which are copied. One that is refused leaves the log as it was; so does one whose author had seen what is
   * not here. Never throws.
   */
  accept(replica: ReplicaId, bytes: Uint8Array): Operation | Refusal | Waits {
    const shelf = refusing(() => {
      const reader = new Reader(bytes);
      const read = readShelf(reader, this.epoch.id, 1);
      reader.finish();
      return read;
    });
    const seq = this.nextSeq(replica);
    if (isRefusal(shelf)) return this.#refusal({ replica, seq }, shelf);
    return this.acceptAll({ replica, shelf }, 0, []) ?? this.#authors.get(replica)!.operation(seq);
  }

  /**
   * Adds the operations of a batch from the one at `index` on, which is the next of its author, and tells `arrivals` of them. Returns why it ended before all
   * were in; otherwise as `accept`.
   */
  acceptAll(
    { replica, shelf }: Pick<Batch, 'replica' | 'shelf'>,
    index: number,
    arrivals: Arrival[],
  ): Refusal | Waits | undefined {
    const author = this.#authors.get(replica) ?? new Author(this.epoch.id, replica);
    const offset = author.count - index;
    let entry = shelf.entryOf(index + 1);
    author.reserve(shelf, entry);
    const reader = new Reader(shelf.heads);
    // Edits of one text are told together.
    let text = author.text;
    let first = author.count + 1;
    const tell = (last: number): void => {
      if (text === undefined || last < first) return;
      this.#enter(author, first, last, text.node);
      arrivals.push({ kind: 'texts', replica, first, last, time: author.timeOf(last), ...text });
    };
    while (entry < shelf.entries) {
      const before = author.count;
      const ended = this.#take(author, shelf, entry, before - offset - shelf.lastOf(entry - 1), reader);
      if (ended !== undefined) {
        tell(before);
        return ended;
      }
      if (author.count - offset === shelf.lastOf(entry)) entry += 1;
      if (author.text === text && text !== undefined) continue;
      tell(before);
      text = author.text;
      first = before + 1;
      if (text === undefined) arrivals.push(this.#entered(author));
    }
    tell(author.count);
    return undefined;
  }

  /** Has an author take operations of an entry, if that can be. */
  #take(author: Author, shelf: Shelf, entry: number, skip: number, reader: Reader): Refusal | Waits | undefined {
    try {
      const waitsFor = author.take(shelf, entry, skip, reader, this.#authors, this.#vector);
      if (waitsFor !== undefined) return { waitsFor };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.#refusal({ replica: author.replica, seq: author.count + 1 }, error);
    }
    if (!this.#authors.has(author.replica)) this.#authors.set(author.replica, author);
    return undefined;
  }

  /** Why an operation is not taken. */
  #refusal(operation: OperationId, { code, message }: Refusal): Refusal {
    return { code, message, epoch: this.epoch.id, operation };
  }

  /** Notes an author's last operation. */
  #entered(author: Author): Operation {
    const operation = author.operation(author.count);
    this.#enter(author, author.count, author.count, this.#subjectOf(operation));
    return operation;
  }

  /** Notes operations that an author took, all upon one node. */
  #enter(author: Author, first: number, last: number, node: NodeId): void {
    this.#vector.set(author.replica, last);
    this.#time = Math.max(this.#time, author.timeOf(last));
    this.#order.push(author, first, last);
    let history = this.#histories.get(node);
    if (history === undefined) this.#histories.set(node, (history = new Spans()));
    history.push(author, first, last);
  }

  #subjectOf({ action }: Operation): NodeId {
    if (action.kind !== 'resolve') return action.node;
    const conflict = this.operation(action.conflict)?.action;
    return conflict?.kind === 'conflict' ? conflict.node : '';
  }

  operation({ replica, seq }: OperationId): Operation | undefined {
    const author = this.#authors.get(replica);
    return author === undefined || seq < 1 || seq > author.count ? undefined : author.operation(seq);
  }

  /** How many operations of a replica from `seq` on, of those that it holds, are the same as those of a shelf from its `at`-th on. */
  holds({ replica, seq }: OperationId, shelf: Shelf, at: number): number {
    return this.#authors.get(replica)?.shelf.sameFrom(seq, shelf, at) ?? 0;
  }

  /** In the order of integration: all, or those that `after` has not. */
  *operations(after: Vector = new Map()): Generator<Operation> {
    for (const { author, first, last } of this.#order) {
      const from = Math.max(first, (after.get(author.replica) ?? 0) + 1);
      for (let seq = from; seq <= last; seq += 1) yield author.operation(seq);
    }
  }

  /** Those of one node (a `resolve` belongs to its conflict's), in the order of integration. */
  *history(node: NodeId): Generator<Operation> {
    for (const { author, first, last } of this.#histories.get(node) ?? [])
      for (let seq = first; seq <= last; seq += 1) yield author.operation(seq);
  }

  /** Tells all edits of a text that began from the blob `base`, in the order of integration; others name another. */
  tell(node: NodeId, base: Oid | null, history: EditReader): void {
    for (const { author, first, last } of this.#histories.get(node) ?? [])
      if (author.names.baseOf(node) === base) author.tell(history, first, last);
  }

  /** The same edits, one by one. */
  *updates(node: NodeId, base: Oid | null): Generator<AuthoredUpdate> {
    for (const { action, replica } of this.history(node))
      if (action.kind === 'text' && action.base === base) yield { author: replica, update: action.update };
  }

  /** Edits of a text that came. */
  *texts({ replica, first, last }: TextSpan): Generator<Operation> {
    const author = this.#authors.get(replica);
    if (author !== undefined) for (let seq = first; seq <= last; seq += 1) yield author.operation(seq);
  }

  /** Messages of what `version` lacks: operations only when it is one of this epoch, else the epoch's record and everything. */
  missing(version?: Version): Uint8Array {
    const known = version !== undefined && compareStamps(version.epoch, this.epoch.id) === 0;
    const out = new Writer();
    if (!known) out.raw(encodeEpoch(this.epoch));
    for (const { replica, after, upTo } of beyond(this.#vector, known ? version.vector : new Map()))
      this.#put(out, replica, after + 1, upTo);
    return out.view();
  }

  /** Messages of one replica's operations, from `first` on, up to `last`; of those that are here. */
  messages(replica: ReplicaId, first: number, last = Number.MAX_SAFE_INTEGER): Uint8Array {
    const out = new Writer();
    this.#put(out, replica, first, Math.min(last, this.#vector.get(replica) ?? 0));
    return out.view();
  }

  #put(out: Writer, replica: ReplicaId, first: number, last: number): void {
    const author = this.#authors.get(replica);
    if (author === undefined) return;
    for (let from = Math.max(first, 1); from <= last;) {
      const upTo = author.shelf.lastWithin(from, last, MESSAGE_BYTES);
      out.raw(enclose(KIND.operations, author.payload(from, upTo)));
      from = upTo + 1;
    }
  }
}
