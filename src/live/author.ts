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
import { SEQ_LIMIT, TIME_LIMIT } from './wire/fields.js';
import { partsOfNode } from './wire/node-codec.js';
import { actionOf, type Dep, type NodeReference, type WireAction, type WireOperation } from './wire/operation-codec.js';
import { abbreviate, idBytes, isAbbreviated, restore, type Abbreviated } from './wire/own-id.js';
import { Refused } from './wire/refusal.js';
import { Reader } from './wire/varint.js';

/** What an author's operations are checked against: the others'. */
export interface Authors {
  get(replica: ReplicaId): Author | undefined;
}

const NOTHING: readonly OperationId[] = [];

/** The operations of one replica in one epoch, as bytes, and the numbers it has given to what it speaks of. */
export class Author {
  readonly replica: ReplicaId;
  /** Which of the log's authors it is. */
  readonly index: number;
  readonly #epoch: EpochId;
  /** Of all others it has seen: the last seq. */
  readonly observed = new Map<ReplicaId, number>();
  readonly #replicas: ReplicaId[] = [];
  readonly #nodes: NodeId[] = [];
  readonly #numbers = new Map<NodeId, number>();
  readonly #bases = new Map<NodeId, Oid | null>();
  readonly #ends: number[] = [];
  readonly #times: number[] = [];
  /** Its own id as text engines put it into their updates. */
  readonly #id: Uint8Array;
  #bytes = new Uint8Array(64);

  constructor(epoch: EpochId, replica: ReplicaId, index: number) {
    this.#epoch = epoch;
    this.replica = replica;
    this.index = index;
    this.#id = idBytes(replica);
  }

  /** How many operations it has. */
  get count(): number {
    return this.#ends.length;
  }

  /** The bytes of operations `first` to `last`. They never change. */
  bytes(first: number, last = first): Uint8Array {
    return this.#bytes.subarray(this.#endOf(first - 1), this.#endOf(last));
  }

  #endOf(seq: number): number {
    return this.#ends[seq - 1] ?? 0;
  }

  /** The last of the operations from `first` on that together take at most so many bytes; at least `first`. */
  lastWithin(first: number, last: number, bytes: number): number {
    const most = this.#endOf(first - 1) + bytes;
    let low = first;
    let high = last;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#endOf(middle) <= most) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whether operation `seq` is just these bytes. */
  is(seq: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#endOf(seq - 1);
    if (this.#endOf(seq) - start !== to - from) return false;
    for (let at = from; at < to; at += 1) if (this.#bytes[start + at - from] !== bytes[at]) return false;
    return true;
  }

  timeOf(seq: number): number {
    return this.#times[seq - 1] ?? this.#epoch.time;
  }

  /** Whether an operation makes a new entry. */
  makes(seq: number): boolean {
    const { kind, variant } = actionOf(this.#bytes[this.#endOf(seq - 1)] ?? 0);
    return seq <= this.count && kind === 'create' && !variant;
  }

  /** Whether an operation tells of a conflict. */
  conflicts(seq: number): boolean {
    return seq <= this.count && actionOf(this.#bytes[this.#endOf(seq - 1)] ?? 0).kind === 'conflict';
  }

  /** The number it has given to a node, or the node. */
  referenceTo(node: NodeId): NodeReference {
    return this.#numbers.get(node) ?? node;
  }

  /** What its next text operation upon `node` has to say of the base. */
  baseToName(node: NodeId, base: Oid | null): Oid | null | undefined {
    return this.#bases.get(node) === base ? undefined : base;
  }

  /** An update without its own id. */
  abbreviate(update: Uint8Array): Abbreviated {
    return abbreviate(update, this.#id);
  }

  depOn(replica: ReplicaId, seq: number): Dep {
    const number = this.#replicas.indexOf(replica) + 1;
    return number === 0 ? { number, replica, seq } : { number, seq };
  }

  /** Operations its next one says it had seen. @throws Refused */
  depsOf({ deps }: WireOperation): readonly OperationId[] {
    if (deps.length === 0) return NOTHING;
    const found: OperationId[] = [];
    let last = 0;
    for (const { number, replica: named, seq } of deps) {
      const replica = named ?? this.#replicas[number - 1];
      if (replica === undefined) throw new Refused('REFERENCE_INVALID', `No replica has number ${number} yet.`);
      if (replica <= last) throw new Refused('MALFORMED', 'Deps are not ordered by replica.');
      if (replica === this.replica) throw new Refused('REFERENCE_INVALID', 'A replica has always seen itself.');
      const before = this.observed.get(replica);
      if (named !== undefined && before !== undefined)
        throw new Refused('MALFORMED', `Replica ${replica} is named in full and has a number.`);
      if (seq <= (before ?? 0))
        throw new Refused('REFERENCE_INVALID', `Operation ${seq} of ${replica} had been seen before.`);
      found.push({ replica, seq });
      last = replica;
    }
    return found;
  }

  /** The least time its next operation can have. */
  earliest(deps: readonly OperationId[], authors: Authors): number {
    let time = this.timeOf(this.count);
    for (const { replica, seq } of deps) time = Math.max(time, authors.get(replica)?.timeOf(seq) ?? 0);
    return time + 1;
  }

  /** Copies what may become its next operation to where it will stay, and reads there. @throws Refused */
  stage(bytes: Uint8Array, from: number, to: number): Reader {
    const start = this.#endOf(this.count);
    const end = start + to - from;
    if (this.count >= SEQ_LIMIT || end > SEQ_LIMIT)
      throw new Refused('LIMIT', `Replica ${this.replica} has too many operations.`);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, Math.min(this.#bytes.length * 2, SEQ_LIMIT)));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    // Byte by byte when they are few: a view would cost more.
    if (to - from > 64) this.#bytes.set(bytes.subarray(from, to), start);
    else for (let at = from; at < to; at += 1) this.#bytes[start + at - from] = bytes[at] ?? 0;
    return new Reader(this.#bytes, start, end);
  }

  /** Takes as its next operation what was staged up to `end`, whose deps are here, or leaves everything as it was. @throws Refused */
  take(wire: WireOperation, deps: readonly OperationId[], end: number, authors: Authors): Operation {
    const seq = this.count + 1;
    const time = this.earliest(deps, authors) + wire.step;
    if (time > TIME_LIMIT) throw new Refused('LIMIT', `Its time ${time} is later than ${TIME_LIMIT}.`);
    const seen = (id: OperationId): Author | undefined => {
      if (id.replica === this.replica) return id.seq < seq ? this : undefined;
      const upTo = deps.find(({ replica }) => replica === id.replica)?.seq ?? this.observed.get(id.replica) ?? 0;
      return id.seq <= upTo ? authors.get(id.replica) : undefined;
    };
    const fresh = this.#freshNodes(wire.action, seq, seen);
    this.#checkAction(wire.action, fresh, seen);
    const update = wire.action.kind === 'text' ? restore(wire.action.update, this.#id) : undefined;
    if (
      update !== undefined &&
      wire.action.kind === 'text' &&
      !isAbbreviated(update, wire.action.update.gaps, this.#id)
    )
      throw new Refused('MALFORMED', 'An edit of a text names its author where it need not.');

    for (const node of fresh) {
      this.#nodes.push(node);
      this.#numbers.set(node, this.#nodes.length);
    }
    for (const dep of deps) {
      if (!this.observed.has(dep.replica)) this.#replicas.push(dep.replica);
      this.observed.set(dep.replica, dep.seq);
    }
    if (wire.action.kind === 'text' && wire.action.base !== undefined)
      this.#bases.set(this.#nodeOf(wire.action.node), wire.action.base);
    this.#ends.push(end);
    this.#times.push(time);
    return { replica: this.replica, seq, time, deps, action: this.#actionOf(wire.action, seq, update) };
  }

  /** What an operation speaks of for the first time, in the order in which it gets its numbers. */
  #freshNodes(action: WireAction, seq: number, seen: (id: OperationId) => Author | undefined): NodeId[] {
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

  #checkAction(action: WireAction, fresh: readonly NodeId[], seen: (id: OperationId) => Author | undefined): void {
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
    const known = this.#bases.has(node);
    if (known && base !== undefined) throw new Refused('MALFORMED', 'The base of a text is named twice.');
    if (!known && base === undefined) throw new Refused('REFERENCE_INVALID', 'The base of a text has not been named.');
  }

  #nodeOf(reference: NodeReference): NodeId {
    return typeof reference === 'string' ? reference : (this.#nodes[reference - 1] ?? '');
  }

  /** An operation that was taken, out of its bytes. */
  operation(wire: WireOperation, seq: number): Operation {
    const deps = wire.deps.map((dep) => ({
      replica: dep.replica ?? this.#replicas[dep.number - 1] ?? 0,
      seq: dep.seq,
    }));
    return { replica: this.replica, seq, time: this.timeOf(seq), deps, action: this.#actionOf(wire.action, seq) };
  }

  #actionOf(action: WireAction, seq: number, restored?: Uint8Array): Action {
    if (action.kind === 'resolve') return action;
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
          base: action.base ?? this.#bases.get(node) ?? null,
          update: restored ?? restore(action.update, this.#id),
        };
      default:
        return { ...action, node };
    }
  }
}
