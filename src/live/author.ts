import type { AuthoredUpdate, Stroke } from './text/engine.js';
import {
  basePathIn,
  compareStamps,
  madeNode,
  type EpochId,
  type NodeId,
  type Oid,
  type OperationId,
  type ReplicaId,
} from './ids.js';
import type { Action, Operation } from './operation.js';
import { Column } from './column.js';
import { Pen } from './pen.js';
import { Shelf } from './shelf.js';
import { updateOf } from './text/stroke.js';
import { writeBatch } from './wire/batch-codec.js';
import { SEQ_LIMIT, TIME_LIMIT } from './wire/fields.js';
import { partsOfNode } from './wire/node-codec.js';
import {
  actionOf,
  type Dep,
  ERASES_ON,
  GOES_ON,
  isStroke,
  type NodeReference,
  type WireAction,
  type WireOperation,
} from './wire/operation-codec.js';
import { abbreviate, idBytes, isAbbreviated, restore } from './wire/own-id.js';
import { Refused } from './wire/refusal.js';
import { unitsIn, type WireStroke } from './wire/stroke-codec.js';

/** What an author's operations are checked against: the others'. */
export interface Authors {
  get(replica: ReplicaId): Author | undefined;
}

/** A text, and the blob from which it is said to have begun. */
export interface EditedText {
  readonly node: NodeId;
  readonly base: Oid | null;
}

const NOTHING: readonly OperationId[] = [];

/** The operations of one replica in one epoch, as bytes, and the numbers it has given to what it speaks of. */
export class Author {
  readonly replica: ReplicaId;
  readonly #epoch: EpochId;
  /** Of all others it has seen: the last seq. */
  readonly observed = new Map<ReplicaId, number>();
  readonly #replicas: ReplicaId[] = [];
  readonly #nodes: NodeId[] = [];
  readonly #numbers = new Map<NodeId, number>();
  /** By number those nodes whose text it has edited, with the blob that it named. */
  readonly #texts: (EditedText | undefined)[] = [];
  #text: EditedText | undefined;
  readonly #times = new Column((length) => new Float64Array(length));
  /** Its own id as text engines put it into their updates. */
  readonly #id: Uint8Array;
  readonly #pen: Pen;
  readonly shelf: Shelf;

  constructor(epoch: EpochId, replica: ReplicaId) {
    this.#epoch = epoch;
    this.replica = replica;
    this.#id = idBytes(replica);
    this.#pen = new Pen(replica);
    this.shelf = new Shelf(epoch);
  }

  /** How many operations it has. */
  get count(): number {
    return this.shelf.count;
  }

  /** The payload of a message of operations `first` to `last`. */
  payload(first: number, last: number): Uint8Array {
    return writeBatch(this.#epoch, this.replica, first, last, this.shelf.bytes, this.shelf.ends);
  }

  timeOf(seq: number): number {
    return seq < 1 || seq > this.count ? this.#epoch.time : this.#times.at(seq - 1);
  }

  /** Whether an operation makes a new entry. */
  makes(seq: number): boolean {
    const { kind, variant } = actionOf(this.shelf.byte(seq));
    return seq <= this.count && kind === 'create' && !variant;
  }

  /** Whether an operation tells of a conflict. */
  conflicts(seq: number): boolean {
    return seq <= this.count && actionOf(this.shelf.byte(seq)).kind === 'conflict';
  }

  /** The number it has given to a node, or the node. */
  referenceTo(node: NodeId): NodeReference {
    return this.#numbers.get(node) ?? node;
  }

  /** What its next text operation upon `node` has to say of the base. */
  baseToName(node: NodeId, base: Oid | null): Oid | null | undefined {
    return this.baseOf(node) === base ? undefined : base;
  }

  /** An edit of a text as its next operation has to tell it, which has also seen the replicas of `deps`. */
  edit(node: NodeId, base: Oid | null, update: Uint8Array, deps: readonly Dep[]): WireAction {
    const named = this.baseToName(node, base);
    const number = this.#numbers.get(node);
    const stroke =
      named === undefined && number !== undefined
        ? this.#pen.tell(number, update, this.#replicasWith(deps))
        : undefined;
    return stroke ?? { kind: 'text', node: number ?? node, base: named, update: abbreviate(update, this.#id) };
  }

  /** By number all replicas that it speaks of, with those of deps of which it speaks for the first time. */
  #replicasWith(deps: readonly { readonly replica?: ReplicaId }[]): readonly ReplicaId[] {
    let all: readonly ReplicaId[] = this.#replicas;
    for (const { replica } of deps) if (replica !== undefined && !this.observed.has(replica)) all = [...all, replica];
    return all;
  }

  depOn(replica: ReplicaId, seq: number): Dep {
    const number = this.#replicas.indexOf(replica) + 1;
    return number === 0 ? { number, replica, seq } : { number, seq };
  }

  /** Operations its next one says it had seen. @throws Refused */
  depsOf({ deps }: WireOperation): readonly OperationId[] {
    if (deps.length === 0) return NOTHING;
    let last = 0;
    return deps.map(({ number, replica: named, seq }) => {
      const replica = named ?? this.#replicas[number - 1];
      if (replica === undefined) throw new Refused('REFERENCE_INVALID', `No replica has number ${number} yet.`);
      if (replica <= last) throw new Refused('MALFORMED', 'Deps are not ordered by replica.');
      if (replica === this.replica) throw new Refused('REFERENCE_INVALID', 'A replica has always seen itself.');
      const before = this.observed.get(replica);
      if (named !== undefined && before !== undefined)
        throw new Refused('MALFORMED', `Replica ${replica} is named in full and has a number.`);
      if (seq <= (before ?? 0))
        throw new Refused('REFERENCE_INVALID', `Operation ${seq} of ${replica} had been seen before.`);
      last = replica;
      return { replica, seq };
    });
  }

  /** The least time its next operation can have. */
  earliest(deps: readonly OperationId[], authors: Authors): number {
    let time = this.timeOf(this.count);
    for (const { replica, seq } of deps) time = Math.max(time, authors.get(replica)?.timeOf(seq) ?? 0);
    return time + 1;
  }

  /** Makes room for so many operations more, of so many bytes. */
  reserve(more: number, bytes: number): void {
    this.shelf.reserve(more, bytes);
    this.#times.reserve(more);
    this.#pen.reserve(more);
  }

  /** Takes as its next operation what was staged, so many bytes, whose deps are here, or leaves everything as it was. @throws Refused */
  take({ action, step }: WireOperation, deps: readonly OperationId[], length: number, authors: Authors): void {
    const seq = this.count + 1;
    const time = this.earliest(deps, authors) + step;
    if (time > TIME_LIMIT) throw new Refused('LIMIT', `Its time ${time} is later than ${TIME_LIMIT}.`);
    if (isStroke(action)) this.#takeStroke(action, seq, deps);
    else this.#takeOther(action, seq, deps, authors);
    for (const dep of deps) {
      if (!this.observed.has(dep.replica)) this.#replicas.push(dep.replica);
      this.observed.set(dep.replica, dep.seq);
    }
    this.shelf.push(this.shelf.endOf(seq - 1) + length);
    this.#times.push(time);
  }

  #takeStroke(stroke: WireStroke, seq: number, deps: readonly OperationId[]): void {
    const node = stroke.place?.node;
    const text = node === undefined ? this.#text : this.#texts[node - 1];
    if (text === undefined)
      throw new Refused('REFERENCE_INVALID', `Number ${node} is no text whose base has been named.`);
    this.#pen.take(seq, stroke, this.#replicasWith(deps));
    this.#text = text;
  }

  #takeOther(
    action: Exclude<WireAction, WireStroke>,
    seq: number,
    deps: readonly OperationId[],
    authors: Authors,
  ): void {
    const seen = (id: OperationId): Author | undefined => {
      if (id.replica === this.replica) return id.seq < seq ? this : undefined;
      const upTo = deps.find(({ replica }) => replica === id.replica)?.seq ?? this.observed.get(id.replica) ?? 0;
      return id.seq <= upTo ? authors.get(id.replica) : undefined;
    };
    const fresh = this.#freshNodes(action, seq, seen);
    this.#checkAction(action, fresh, seen);
    const update = action.kind === 'text' ? restore(action.update, this.#id) : undefined;
    if (action.kind === 'text' && update !== undefined) {
      if (!isAbbreviated(update, action.update.gaps, this.#id))
        throw new Refused('MALFORMED', 'An edit of a text names its author where it need not.');
      if (
        action.base === undefined &&
        typeof action.node === 'number' &&
        this.#pen.tell(action.node, update, this.#replicasWith(deps)) !== undefined
      )
        throw new Refused('MALFORMED', 'A stroke is told as if it were another edit.');
    }
    for (const node of fresh) {
      this.#nodes.push(node);
      this.#numbers.set(node, this.#nodes.length);
    }
    if (action.kind !== 'text') {
      this.#pen.lift(seq);
      this.#text = undefined;
      return;
    }
    const node = this.#nodeOf(action.node);
    const number = this.#numbers.get(node) ?? 0;
    if (action.base !== undefined) this.#texts[number - 1] = { node, base: action.base };
    this.#text = this.#texts[number - 1];
    this.#pen.lift(seq, number, update);
  }

  /**
   * Takes at once those operations of a batch from the one at `index` on that go on from the stroke before, by a letter or more or by one less, and say nothing
   * else. Returns whether there was one.
   */
  takeOn(bytes: Uint8Array, ends: Uint32Array, index: number): boolean {
    const from = ends[index - 1] ?? 0;
    const start = this.shelf.endOf(this.count);
    let time = this.timeOf(this.count);
    const room = Math.min(SEQ_LIMIT - this.count, TIME_LIMIT - time);
    let at = index;
    for (; at < ends.length && at - index < room; at += 1) {
      const begin = ends[at - 1] ?? 0;
      const end = ends[at] ?? 0;
      if (start + end - from > SEQ_LIMIT) break;
      if (bytes[begin] === GOES_ON && this.#pen.last === 'typed') {
        // The text's length stands in one byte: longer ones take the usual way.
        if ((bytes[begin + 1] ?? 0) > 127) break;
        this.#pen.type(this.count + 1, unitsIn(bytes, begin + 2, end));
      } else if (bytes[begin] !== ERASES_ON || !this.#pen.erase(this.count + 1)) break;
      this.shelf.push(start + end - from);
      this.#times.push((time += 1));
    }
    if (at > index) this.shelf.put(bytes, from, ends[at - 1] ?? from, start);
    return at > index;
  }

  /** What an operation speaks of for the first time, in the order in which it gets its numbers. */
  #freshNodes(
    action: Exclude<WireAction, WireStroke>,
    seq: number,
    seen: (id: OperationId) => Author | undefined,
  ): NodeId[] {
    if (action.kind === 'resolve') return [];
    const fresh: NodeId[] = [];
    const see = (reference: NodeReference): void => {
      if (typeof reference === 'number') {
        if (reference > this.#nodes.length + fresh.length)
          throw new Refused('REFERENCE_INVALID', `No node has number ${reference} yet.`);
        return;
      }
      if (this.#numbers.has(reference) || fresh.includes(reference))
        throw new Refused('MALFORMED', `${JSON.stringify(reference)} is named in full and has a number.`);
      const { epoch, by } = partsOfNode(reference) ?? { epoch: this.#epoch };
      if (by !== undefined && compareStamps(epoch, this.#epoch) === 0 && seen(by)?.makes(by.seq) !== true)
        throw new Refused('REFERENCE_INVALID', `Its author had not seen ${JSON.stringify(reference)} made.`);
      fresh.push(reference);
    };
    if (action.node === null) fresh.push(madeNode(this.#epoch, { replica: this.replica, seq }));
    else see(action.node);
    if ((action.kind === 'create' || action.kind === 'move') && action.parent !== null) see(action.parent);
    return fresh;
  }

  #checkAction(
    action: Exclude<WireAction, WireStroke>,
    fresh: readonly NodeId[],
    seen: (id: OperationId) => Author | undefined,
  ): void {
    if (action.kind === 'resolve') {
      if (seen(action.conflict)?.conflicts(action.conflict.seq) !== true)
        throw new Refused('REFERENCE_INVALID', 'What it resolves is no conflict that its author had seen.');
      return;
    }
    const whole = (reference: NodeReference): NodeId =>
      typeof reference === 'string'
        ? reference
        : (this.#nodes[reference - 1] ?? fresh[reference - 1 - this.#nodes.length] ?? '');
    const node = action.node === null ? (fresh[0] ?? '') : whole(action.node);
    // Of all ids only that of a root ends with a slash.
    if (node.endsWith('/')) throw new Refused('REFERENCE_INVALID', 'A root cannot be changed.');
    if ((action.kind === 'create' || action.kind === 'move') && action.parent !== null && whole(action.parent) === node)
      throw new Refused('REFERENCE_INVALID', 'It would put a node into itself.');
    if (action.kind === 'create' && basePathIn(this.#epoch, node) !== undefined)
      throw new Refused('REFERENCE_INVALID', `${JSON.stringify(node)} is in the base and cannot be created.`);
    if (action.kind === 'text') this.#checkBase(node, action.base);
  }

  #checkBase(node: NodeId, base: Oid | null | undefined): void {
    const known = this.baseOf(node) !== undefined;
    if (known && base !== undefined) throw new Refused('MALFORMED', 'The base of a text is named twice.');
    if (!known && base === undefined) throw new Refused('REFERENCE_INVALID', 'The base of a text has not been named.');
  }

  #nodeOf(reference: NodeReference): NodeId {
    return typeof reference === 'string' ? reference : (this.#nodes[reference - 1] ?? '');
  }

  /** The text that its last operation edited; the same object for the same text. */
  get text(): EditedText | undefined {
    return this.#text;
  }

  /** The blob that it named for a text; `undefined` when it did not edit that. */
  baseOf(node: NodeId): Oid | null | undefined {
    return this.#texts[(this.#numbers.get(node) ?? 0) - 1]?.base;
  }

  /** What operation `seq` did to a text; `undefined` when it did something else. */
  editAt(seq: number): Stroke | (AuthoredUpdate & { readonly kind: 'update' }) | undefined {
    const { action } = this.shelf.read(seq);
    if (isStroke(action)) return this.#pen.stroke(seq, action, this.#startOf(action, seq), this.#replicas);
    if (action.kind !== 'text') return undefined;
    return { kind: 'update', author: this.replica, update: restore(action.update, this.#id) };
  }

  /** Operation `seq`, out of its bytes. */
  operation(seq: number): Operation {
    const { deps, action } = this.shelf.read(seq);
    const seen = deps.map((dep) => ({ replica: dep.replica ?? this.#replicas[dep.number - 1] ?? 0, seq: dep.seq }));
    return { replica: this.replica, seq, time: this.timeOf(seq), deps: seen, action: this.#actionOf(action, seq) };
  }

  #actionOf(action: WireAction, seq: number): Action {
    if (action.kind === 'resolve') return action;
    if (isStroke(action)) {
      const start = this.#startOf(action, seq);
      const { node = '', base = null } = this.#texts[(start.place?.node ?? 0) - 1] ?? {};
      return { kind: 'text', node, base, update: updateOf(this.#pen.stroke(seq, action, start, this.#replicas)) };
    }
    const node =
      action.node === null ? madeNode(this.#epoch, { replica: this.replica, seq }) : this.#nodeOf(action.node);
    switch (action.kind) {
      case 'create':
        return { ...action, node, parent: this.#nodeOf(action.parent) };
      case 'move':
        return { ...action, node, parent: action.parent === null ? null : this.#nodeOf(action.parent) };
      case 'text':
        return {
          kind: 'text',
          node,
          base: action.base ?? this.baseOf(node) ?? null,
          update: restore(action.update, this.#id),
        };
      default:
        return { ...action, node };
    }
  }

  /** The stroke from which another goes on, or that itself. */
  #startOf(wire: WireStroke, seq: number): WireStroke {
    if (wire.place !== undefined) return wire;
    const { action } = this.shelf.read(this.#pen.startOf(seq));
    return isStroke(action) ? action : wire;
  }
}
