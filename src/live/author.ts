import type { LoggedEdit, Stroke } from './text/engine.js';
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
import { Pen } from './pen.js';
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
  readOperation,
  type WireAction,
  type WireOperation,
} from './wire/operation-codec.js';
import { abbreviate, idBytes, isAbbreviated, restore } from './wire/own-id.js';
import { Refused } from './wire/refusal.js';
import { textOf, unitsIn, type WireStroke } from './wire/stroke-codec.js';
import { Reader } from './wire/varint.js';

/** What an author's operations are checked against: the others'. */
export interface Authors {
  get(replica: ReplicaId): Author | undefined;
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
  readonly #bases = new Map<NodeId, Oid | null>();
  readonly #ends: number[] = [];
  readonly #times: number[] = [];
  /** Its own id as text engines put it into their updates. */
  readonly #id: Uint8Array;
  readonly #pen: Pen;
  #bytes = new Uint8Array(64);

  constructor(epoch: EpochId, replica: ReplicaId) {
    this.#epoch = epoch;
    this.replica = replica;
    this.#id = idBytes(replica);
    this.#pen = new Pen(replica);
  }

  /** How many operations it has. */
  get count(): number {
    return this.#ends.length;
  }

  /** The payload of a message of operations `first` to `last`. */
  payload(first: number, last: number): Uint8Array {
    return writeBatch(this.#epoch, this.replica, first, last, this.#bytes, this.#ends);
  }

  #wire(seq: number): WireOperation {
    return readOperation(new Reader(this.#bytes, this.#endOf(seq - 1), this.#endOf(seq)), this.#epoch);
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

  /** An edit of a text as its next operation has to tell it, which has also seen the replicas of `deps`. */
  edit(node: NodeId, base: Oid | null, update: Uint8Array, deps: readonly Dep[]): WireAction {
    const named = this.baseToName(node, base);
    const number = this.#numbers.get(node);
    const stroke =
      named === undefined && number !== undefined
        ? this.#pen.tell(number, update, this.#replicasWith(deps.flatMap((dep) => dep.replica ?? [])))
        : undefined;
    return stroke ?? { kind: 'text', node: number ?? node, base: named, update: abbreviate(update, this.#id) };
  }

  /** By number all replicas that it speaks of, with others of which it speaks for the first time. */
  #replicasWith(more: readonly ReplicaId[]): readonly ReplicaId[] {
    const fresh = more.filter((replica) => !this.observed.has(replica));
    return fresh.length === 0 ? this.#replicas : [...this.#replicas, ...fresh];
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
    this.#copy(bytes, from, to, start);
    return new Reader(this.#bytes, start, end);
  }

  #copy(bytes: Uint8Array, from: number, to: number, start: number): void {
    const end = start + to - from;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, Math.min(this.#bytes.length * 2, SEQ_LIMIT)));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    // Byte by byte when they are few: a view would cost more.
    if (to - from > 64) this.#bytes.set(bytes.subarray(from, to), start);
    else for (let at = from; at < to; at += 1) this.#bytes[start + at - from] = bytes[at] ?? 0;
  }

  /** Takes as its next operation what was staged up to `end`, whose deps are here, or leaves everything as it was. @throws Refused */
  take({ action, step }: WireOperation, deps: readonly OperationId[], end: number, authors: Authors): void {
    const seq = this.count + 1;
    const time = this.earliest(deps, authors) + step;
    if (time > TIME_LIMIT) throw new Refused('LIMIT', `Its time ${time} is later than ${TIME_LIMIT}.`);
    if (isStroke(action)) this.#takeStroke(action, seq, deps);
    else this.#takeOther(action, seq, deps, authors);
    for (const dep of deps) {
      if (!this.observed.has(dep.replica)) this.#replicas.push(dep.replica);
      this.observed.set(dep.replica, dep.seq);
    }
    this.#ends.push(end);
    this.#times.push(time);
  }

  #takeStroke(stroke: WireStroke, seq: number, deps: readonly OperationId[]): void {
    const node = stroke.place?.node;
    if (node !== undefined && !this.#bases.has(this.#nodes[node - 1] ?? ''))
      throw new Refused('REFERENCE_INVALID', `Number ${node} is no text whose base has been named.`);
    this.#pen.take(seq, stroke, this.#replicasWith(deps.map(({ replica }) => replica)));
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
        this.#pen.tell(action.node, update, this.#replicasWith(deps.map(({ replica }) => replica))) !== undefined
      )
        throw new Refused('MALFORMED', 'A stroke is told as if it were another edit.');
    }
    for (const node of fresh) {
      this.#nodes.push(node);
      this.#numbers.set(node, this.#nodes.length);
    }
    if (action.kind !== 'text') {
      this.#pen.lift(seq);
      return;
    }
    const node = this.#nodeOf(action.node);
    if (action.base !== undefined) this.#bases.set(node, action.base);
    this.#pen.lift(seq, this.#numbers.get(node), update);
  }

  /**
   * Takes at once those operations of a batch from the one at `index` on that only go on typing, each of them a letter or more and nothing else. Returns
   * how many these were.
   */
  takeTyping(bytes: Uint8Array, ends: Uint32Array, index: number): number {
    if (!this.#pen.isTyping) return 0;
    const from = ends[index - 1] ?? 0;
    const start = this.#endOf(this.count);
    let time = this.timeOf(this.count);
    const room = Math.min(SEQ_LIMIT - this.count, TIME_LIMIT - time);
    let at = index;
    for (; at < ends.length && at - index < room; at += 1) {
      const begin = ends[at - 1] ?? 0;
      const end = ends[at] ?? 0;
      // The text's length stands in one byte: longer ones take the usual way.
      if (bytes[begin] !== GOES_ON || (bytes[begin + 1] ?? 0) > 127 || start + end - from > SEQ_LIMIT) break;
      const seq = this.#ends.length + 1;
      this.#ends.push(start + end - from);
      this.#times.push((time += 1));
      this.#pen.type(seq, unitsIn(bytes, begin + 2, end));
    }
    if (at > index) this.#copy(bytes, from, ends[at - 1] ?? from, start);
    return at - index;
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
    const known = this.#bases.has(node);
    if (known && base !== undefined) throw new Refused('MALFORMED', 'The base of a text is named twice.');
    if (!known && base === undefined) throw new Refused('REFERENCE_INVALID', 'The base of a text has not been named.');
  }

  #nodeOf(reference: NodeReference): NodeId {
    return typeof reference === 'string' ? reference : (this.#nodes[reference - 1] ?? '');
  }

  /** The text that operation `seq` edits, and the blob it names as what that began from; `undefined` when it edits none. */
  textOf(seq: number): { readonly node: NodeId; readonly base: Oid | null } | undefined {
    const { kind } = actionOf(this.#bytes[this.#endOf(seq - 1)] ?? 0);
    if (kind !== 'text' && kind !== 'typed' && kind !== 'erased') return undefined;
    const { action } = this.#wire(this.#pen.startOf(seq));
    const reference = isStroke(action) ? action.place?.node : 'node' in action ? action.node : null;
    const node = reference === null || reference === undefined ? '' : this.#nodeOf(reference);
    return { node, base: this.#bases.get(node) ?? null };
  }

  /** The blob that it named for a text; `undefined` when it did not edit that. */
  baseOf(node: NodeId): Oid | null | undefined {
    return this.#bases.get(node);
  }

  /** Those of the operations `first` to `last` that edit a text, strokes that follow on one another as runs. */
  *edits(first: number, last: number): Generator<LoggedEdit> {
    for (let seq = first; seq <= last;) {
      const { action } = this.#wire(seq);
      if (action.kind === 'text')
        yield { kind: 'update', author: this.replica, update: restore(action.update, this.#id) };
      if (!isStroke(action)) {
        seq += 1;
        continue;
      }
      const whole = this.#strokeOf(action, seq);
      const begin = seq;
      seq += 1;
      if (whole.kind === 'typed' && isOneCharacter(whole.text)) {
        let { text } = whole;
        for (; seq <= last; seq += 1) {
          const more = this.#typedOn(seq);
          if (more === undefined) break;
          text += more;
        }
        const run = { ...whole, text };
        yield seq === begin + 1 ? run : { kind: 'run', whole: run };
      } else if (whole.kind === 'erased' && whole.length === 1) {
        while (seq <= last && this.#bytes[this.#endOf(seq - 1)] === ERASES_ON) seq += 1;
        const length = seq - begin;
        const run = { ...whole, clock: whole.clock - length + 1, length };
        yield length === 1 ? run : { kind: 'run', whole: run };
      } else yield whole;
    }
  }

  /** The character that an operation adds to what was typed before; `undefined` when it does something else. */
  #typedOn(seq: number): string | undefined {
    const at = this.#endOf(seq - 1);
    if (this.#bytes[at] === GOES_ON && this.#bytes[at + 1] === 1) return String.fromCharCode(this.#bytes[at + 2] ?? 0);
    const { action } = this.#wire(seq);
    if (action.kind !== 'typed' || action.place !== undefined) return undefined;
    const text = textOf(action.text);
    return isOneCharacter(text) ? text : undefined;
  }

  /** Operation `seq`, out of its bytes. */
  operation(seq: number): Operation {
    const { deps, action } = this.#wire(seq);
    const seen = deps.map((dep) => ({ replica: dep.replica ?? this.#replicas[dep.number - 1] ?? 0, seq: dep.seq }));
    return { replica: this.replica, seq, time: this.timeOf(seq), deps: seen, action: this.#actionOf(action, seq) };
  }

  #actionOf(action: WireAction, seq: number): Action {
    if (action.kind === 'resolve') return action;
    if (isStroke(action)) {
      const { node, base } = this.textOf(seq) ?? { node: '', base: null };
      return { kind: 'text', node, base, update: updateOf(this.#strokeOf(action, seq)) };
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
          base: action.base ?? this.#bases.get(node) ?? null,
          update: restore(action.update, this.#id),
        };
      default:
        return { ...action, node };
    }
  }

  #strokeOf(wire: WireStroke, seq: number): Stroke {
    const start = wire.place === undefined ? this.#wire(this.#pen.startOf(seq)).action : wire;
    return this.#pen.stroke(seq, wire, isStroke(start) ? start : wire, this.#replicas);
  }
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xffff);
}
