import type { CharacterId, Stroke } from './text/engine.js';
import {
  basePathIn,
  compareStamps,
  madeNode,
  type EpochId,
  type NodeId,
  type Oid,
  type OperationId,
  type ReplicaId,
  type Vector,
} from './ids.js';
import type { Action, Operation } from './operation.js';
import { Column } from './column.js';
import { clientOf, clockOf, Pen } from './pen.js';
import { Shelf } from './shelf.js';
import { NOBODY, type History } from './text/history.js';
import { updateOf } from './text/stroke.js';
import { writeBatch } from './wire/batch-codec.js';
import { SEQ_LIMIT, TIME_LIMIT } from './wire/fields.js';
import { partsOfNode } from './wire/node-codec.js';
import {
  actionOf,
  type Dep,
  ERASED,
  FURTHER,
  goesOn,
  kindOf,
  type NodeReference,
  readDeps,
  readOperation,
  readStep,
  TYPED,
  type WireAction,
  type WireDeed,
} from './wire/operation-codec.js';
import { abbreviate, idBytes, isAbbreviated, restore } from './wire/own-id.js';
import { Refused } from './wire/refusal.js';
import { StrokePlace, textOf, unitsIn } from './wire/stroke-codec.js';
import { Reader } from './wire/varint.js';

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
/** What is being read. */
const place = new StrokePlace();

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
  /** By entry: of its first operation; each that goes on in it is one later. */
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
    this.shelf = new Shelf();
  }

  /** How many operations it has. */
  get count(): number {
    return this.shelf.count;
  }

  /** The payload of a message of operations `first` to `last`. */
  payload(first: number, last: number): Uint8Array {
    return writeBatch(this.#epoch, this.replica, this.shelf, first, last);
  }

  timeOf(seq: number): number {
    if (seq < 1 || seq > this.count) return this.#epoch.time;
    const entry = this.shelf.entryOf(seq);
    return this.#times.at(entry) + seq - this.shelf.firstOf(entry);
  }

  /** Whether an operation makes a new entry. */
  makes(seq: number): boolean {
    if (seq > this.count) return false;
    const { kind, variant } = actionOf(this.shelf.headAt(this.shelf.entryOf(seq)));
    return kind === 'create' && !variant;
  }

  /** Whether an operation tells of a conflict. */
  conflicts(seq: number): boolean {
    return seq <= this.count && actionOf(this.shelf.headAt(this.shelf.entryOf(seq))).kind === 'conflict';
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
  #depsOf(deps: readonly Dep[]): readonly OperationId[] {
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

  /** Makes room for those entries of a shelf from `entry` on. */
  reserve(from: Shelf, entry: number): void {
    const more = from.entries - entry;
    const last = from.entries - 1;
    this.shelf.reserve(more, from.headEnd(last) - from.headStart(entry), from.textEnd(last) - from.textAt(entry, 0));
    this.#times.reserve(more);
    this.#pen.reserve(more);
  }

  /**
   * Takes as its next operations those of an entry of another shelf behind its first `skip`, as far as they are in order, or leaves everything as it was. Returns
   * what the first waits for, of which nothing that `vector` does not count is here. `reader`: of that shelf. @throws Refused
   */
  take(
    from: Shelf,
    entry: number,
    skip: number,
    reader: Reader,
    authors: Authors,
    vector: Vector,
  ): OperationId | undefined {
    const head = from.headAt(entry);
    const kind = kindOf(head);
    let step = 0;
    let deps = NOTHING;
    if (skip === 0) {
      reader.at = from.headStart(entry) + 1;
      step = readStep(reader, head);
      deps = this.#depsOf(readDeps(reader, head));
      for (const dep of deps) if (dep.seq > (vector.get(dep.replica) ?? 0)) return dep;
    }
    const time = this.earliest(deps, authors) + step;
    if (time > TIME_LIMIT) throw new Refused('LIMIT', `Its time ${time} is later than ${TIME_LIMIT}.`);
    const size = from.headEnd(entry) - from.headStart(entry) + from.textEnd(entry) - from.textAt(entry, skip);
    if (this.count >= SEQ_LIMIT || this.shelf.size + size > SEQ_LIMIT)
      throw new Refused('LIMIT', 'Its author has too many operations.');
    const most = Math.min(
      from.lastOf(entry) - from.firstOf(entry) + 1 - skip,
      SEQ_LIMIT - this.count,
      TIME_LIMIT - time + 1,
    );
    let count = 1;
    if (kind === TYPED || kind === ERASED) {
      const isPlaced = skip === 0 && !goesOn(head);
      count = this.#takeStrokes(from, entry, skip, most, isPlaced ? reader : undefined, deps);
    } else {
      reader.at = from.headStart(entry) + 1;
      this.#takeDeed(readOperation(reader, this.#epoch, head).action, this.count + 1, deps, authors);
    }
    for (const dep of deps) {
      if (!this.observed.has(dep.replica)) this.#replicas.push(dep.replica);
      this.observed.set(dep.replica, dep.seq);
    }
    if (this.shelf.append(from, entry, skip, count)) {
      this.#times.push(time);
      this.#pen.enter();
    }
    return undefined;
  }

  /** Takes up to so many strokes of an entry. `reader`: where the place of the first stands, if it has one. Returns how many it took. */
  #takeStrokes(
    from: Shelf,
    entry: number,
    skip: number,
    count: number,
    reader: Reader | undefined,
    deps: readonly OperationId[],
  ): number {
    const head = from.headAt(entry);
    const kind = kindOf(head);
    if (reader !== undefined) readPlace(reader, head);
    const text = reader === undefined ? this.#text : this.#texts[place.node - 1];
    if (text === undefined)
      throw new Refused(
        'REFERENCE_INVALID',
        reader === undefined
          ? 'It goes on from a stroke, and there was none before it.'
          : `Number ${place.node} is no text whose base has been named.`,
      );
    const units = kind === TYPED ? unitsIn(from.texts, from.textAt(entry, skip), from.textAt(entry, skip + count)) : 0;
    const at = reader === undefined ? undefined : place;
    const taken = this.#pen.take(kind, at, count, units, this.shelf.entries, this.#replicasWith(deps));
    this.#text = text;
    return taken;
  }

  #takeDeed(action: WireDeed, seq: number, deps: readonly OperationId[], authors: Authors): void {
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
      this.#pen.lift();
      this.#text = undefined;
      return;
    }
    const node = this.#nodeOf(action.node);
    const number = this.#numbers.get(node) ?? 0;
    if (action.base !== undefined) this.#texts[number - 1] = { node, base: action.base };
    this.#text = this.#texts[number - 1];
    this.#pen.lift(number, update);
  }

  /** What an operation speaks of for the first time, in the order in which it gets its numbers. */
  #freshNodes(action: WireDeed, seq: number, seen: (id: OperationId) => Author | undefined): NodeId[] {
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

  #checkAction(action: WireDeed, fresh: readonly NodeId[], seen: (id: OperationId) => Author | undefined): void {
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

  /** Tells what of the operations `first` to `last` edits a text. */
  tell(history: History, first: number, last: number): void {
    const { shelf } = this;
    const by = history.numberOf(this.replica);
    const reader = new Reader(shelf.heads);
    let entry = shelf.entryOf(first);
    // The text of strokes that follow on one another is read at once.
    let told = shelf.textAt(entry, first - shelf.firstOf(entry));
    const write = (upTo: number): void => {
      if (upTo > told) history.write(by, textOf(shelf.texts, told, upTo));
      told = upTo;
    };
    let right = NOBODY;
    let rightClock = 0;
    let start = -1;
    for (let seq = first; seq <= last; entry += 1) {
      const skip = seq - shelf.firstOf(entry);
      const count = Math.min(shelf.lastOf(entry), last) - seq + 1;
      seq += count;
      const head = shelf.headAt(entry);
      const kind = kindOf(head);
      if (kind !== TYPED && kind !== ERASED) {
        write(shelf.textAt(entry, 0));
        reader.at = shelf.headStart(entry) + 1;
        const { action } = readOperation(reader, this.#epoch, head);
        if (action.kind === 'text') history.update(this.replica, restore(action.update, this.#id));
        continue;
      }
      const clock = this.#pen.clockOf(entry);
      const isPlaced = skip === 0 && !goesOn(head);
      if (this.#pen.startOf(entry) !== start) {
        start = this.#pen.startOf(entry);
        this.#readPlace(start, reader);
        right = this.#numberIn(history, kind === TYPED ? place.rightBy : place.leftBy);
        rightClock = right === NOBODY || kind === ERASED ? 0 : clockOf(place.rightBy, place.rightClock, this.#pen.clockOf(start));
      }
      if (kind === ERASED) {
        history.erase(right, clock - skip - count + 1, isPlaced ? place.length + count - 1 : count, count > 1);
        continue;
      }
      const from = shelf.textAt(entry, 0);
      const begin = shelf.textAt(entry, skip);
      const end = shelf.textAt(entry, skip + count);
      const at = clock + (skip === 0 ? 0 : unitsIn(shelf.texts, from, begin));
      const units = unitsIn(shelf.texts, begin, end);
      if (!isPlaced) history.type(by, at, units, by, at - 1, right, rightClock);
      else {
        const leftClock = place.leftBy === 0 ? 0 : clockOf(place.leftBy, place.leftClock, clock);
        history.type(by, at, units, this.#numberIn(history, place.leftBy), leftClock, right, rightClock);
      }
    }
    entry -= 1;
    write(shelf.textAt(entry, last - shelf.firstOf(entry) + 1));
  }

  #numberIn(history: History, by: number): number {
    return by === 0 ? NOBODY : history.numberOf(clientOf(by, this.replica, this.#replicas));
  }

  /** Reads where a stroke is that says so. */
  #readPlace(entry: number, reader: Reader): void {
    const head = this.shelf.headAt(entry);
    reader.at = this.shelf.headStart(entry) + 1;
    readStep(reader, head);
    readDeps(reader, head);
    readPlace(reader, head);
  }

  /** Operation `seq`, out of its bytes. */
  operation(seq: number): Operation {
    const { shelf } = this;
    const entry = shelf.entryOf(seq);
    const skip = seq - shelf.firstOf(entry);
    const head = shelf.headAt(entry);
    const kind = kindOf(head);
    const reader = new Reader(shelf.heads);
    let deps = NOTHING;
    if (skip === 0) {
      reader.at = shelf.headStart(entry) + 1;
      readStep(reader, head);
      deps = readDeps(reader, head).map((dep) => ({
        replica: dep.replica ?? this.#replicas[dep.number - 1] ?? 0,
        seq: dep.seq,
      }));
    }
    let action: Action;
    if (kind === TYPED || kind === ERASED) action = this.#strokeAt(entry, skip, reader);
    else {
      reader.at = shelf.headStart(entry) + 1;
      action = this.#actionOf(readOperation(reader, this.#epoch, head).action, seq);
    }
    return { replica: this.replica, seq, time: this.timeOf(seq), deps, action };
  }

  /** The stroke of an entry that comes after `skip` others, as an update. */
  #strokeAt(entry: number, skip: number, reader: Reader): Action {
    const { shelf, replica } = this;
    const start = this.#pen.startOf(entry);
    this.#readPlace(start, reader);
    const { node = '', base = null } = this.#texts[place.node - 1] ?? {};
    const isPlaced = entry === start && skip === 0;
    const first = this.#pen.clockOf(entry);
    const character = (by: number, clock: number, written: number): CharacterId | undefined =>
      by === 0 ? undefined : { client: clientOf(by, replica, this.#replicas), clock: clockOf(by, clock, written) };
    let stroke: Stroke;
    if (kindOf(shelf.headAt(entry)) === ERASED) {
      const client = clientOf(place.leftBy, replica, this.#replicas);
      stroke = { kind: 'erased', client, clock: first - skip, length: isPlaced ? place.length : 1 };
    } else {
      const from = shelf.textAt(entry, skip);
      const clock = first + unitsIn(shelf.texts, shelf.textAt(entry, 0), from);
      stroke = {
        kind: 'typed',
        author: replica,
        clock,
        text: textOf(shelf.texts, from, shelf.textAt(entry, skip + 1)),
        origin: isPlaced ? character(place.leftBy, place.leftClock, clock) : { client: replica, clock: clock - 1 },
        rightOrigin: character(place.rightBy, place.rightClock, this.#pen.clockOf(start)),
      };
    }
    return { kind: 'text', node, base, update: updateOf(stroke) };
  }

  #actionOf(action: WireDeed, seq: number): Action {
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
          base: action.base ?? this.baseOf(node) ?? null,
          update: restore(action.update, this.#id),
        };
      default:
        return { ...action, node };
    }
  }
}

function readPlace(reader: Reader, head: number): void {
  if (kindOf(head) === TYPED) place.readTyped(reader);
  else place.readErased(reader, (head & FURTHER) !== 0);
}
