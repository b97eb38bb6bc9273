import { madeNode, type EpochId, type NodeId, type Oid, type OperationId, type ReplicaId, type Vector } from './ids.js';
import type { Action, Operation } from './operation.js';
import { type EditedText, Names, NOTHING } from './names-given.js';
import { clientOf, clockOf, Pen } from './pen.js';
import { Shelf } from './shelf.js';
import type { EditReader } from './text/engine.js';
import { History, NOBODY } from './text/history.js';
import { updateOf } from './text/stroke.js';
import { writeBatch } from './wire/batch-codec.js';
import { SEQ_LIMIT, TIME_LIMIT } from './wire/fields.js';
import {
  actionOf,
  type Dep,
  ERASED,
  FURTHER,
  goesOn,
  kindOf,
  readDeps,
  readOperation,
  readStep,
  TYPED,
  type WireAction,
  type WireDeed,
} from './wire/operation-codec.js';
import { abbreviate, idBytes, isAbbreviated, restore } from './wire/own-id.js';
import { Refused } from './wire/refusal.js';
import { StrokePlace, unitsIn } from './wire/stroke-codec.js';
import { Reader } from './wire/varint.js';

/** What an author's operations are checked against: the others'. */
export interface Authors {
  get(replica: ReplicaId): Author | undefined;
}

/** What is being read. */
const place = new StrokePlace();

/** The operations of one replica in one epoch, as bytes, and the numbers it has given to what it speaks of. */
export class Author {
  readonly replica: ReplicaId;
  readonly #epoch: EpochId;
  readonly names: Names;
  #text: EditedText | undefined;
  /** By entry: of its first operation; each that goes on in it is one later. */
  readonly #times: number[] = [];
  /** Of its last operation. */
  #time: number;
  /** Its own id as text engines put it into their updates. */
  readonly #id: Uint8Array;
  readonly #pen: Pen;
  readonly shelf: Shelf;

  constructor(epoch: EpochId, replica: ReplicaId) {
    this.#epoch = epoch;
    this.replica = replica;
    this.#time = epoch.time;
    this.#id = idBytes(replica);
    this.names = new Names(epoch, replica);
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
    if (seq === this.count) return this.#time;
    if (seq < 1 || seq > this.count) return this.#epoch.time;
    const entry = this.shelf.entryOf(seq);
    return (this.#times[entry] ?? 0) + seq - this.shelf.firstOf(entry);
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

  /** An edit of a text as its next operation has to tell it, which has also seen the replicas of `deps`. */
  edit(node: NodeId, base: Oid | null, update: Uint8Array, deps: readonly Dep[]): WireAction {
    const named = this.names.baseOf(node) === base ? undefined : base;
    const number = this.names.numberOf(node);
    const stroke =
      named === undefined && number !== undefined
        ? this.#pen.tell(number, update, this.names.replicasWith(deps))
        : undefined;
    return stroke ?? { kind: 'text', node: number ?? node, base: named, update: abbreviate(update, this.#id) };
  }

  /** The least time its next operation can have. */
  earliest(deps: readonly OperationId[], authors: Authors): number {
    let time = this.#time;
    for (const { replica, seq } of deps) time = Math.max(time, authors.get(replica)?.timeOf(seq) ?? 0);
    return time + 1;
  }

  /** Makes room for those entries of a shelf from `entry` on. */
  reserve(from: Shelf, entry: number): void {
    const last = from.entries - 1;
    this.shelf.reserve(
      last - entry + 1,
      from.headEnd(last) - from.headEnd(entry - 1),
      from.textEnd(last) - from.textAt(entry, 0),
    );
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
      reader.at = from.headEnd(entry - 1) + 1;
      step = readStep(reader, head);
      deps = this.names.depsOf(readDeps(reader, head));
      for (const dep of deps) if (dep.seq > (vector.get(dep.replica) ?? 0)) return dep;
    }
    const time = this.earliest(deps, authors) + step;
    if (time > TIME_LIMIT) throw new Refused('LIMIT', `Its time ${time} is later than ${TIME_LIMIT}.`);
    const size = from.headEnd(entry) - from.headEnd(entry - 1) + from.textEnd(entry) - from.textAt(entry, skip);
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
      reader.at = from.headEnd(entry - 1) + 1;
      this.#takeDeed(readOperation(reader, this.#epoch, head).action, this.count + 1, deps, authors);
    }
    this.names.observe(deps);
    if (this.shelf.append(from, entry, skip, count)) {
      this.#times.push(time);
      this.#pen.enter();
    }
    this.#time = time + count - 1;
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
    const text = reader === undefined ? this.#text : this.names.text(place.node);
    if (reader !== undefined && text === undefined)
      throw new Refused('REFERENCE_INVALID', `Number ${place.node} is no text whose base has been named.`);
    const units = kind === TYPED ? unitsIn(from.texts, from.textAt(entry, skip), from.textAt(entry, skip + count)) : 0;
    const at = reader === undefined ? undefined : place;
    const taken = this.#pen.take(kind, at, count, units, this.shelf.entries, this.names.replicasWith(deps));
    this.#text = text;
    return taken;
  }

  #takeDeed(action: WireDeed, seq: number, deps: readonly OperationId[], authors: Authors): void {
    const seen = (id: OperationId): Author | undefined => {
      if (id.replica === this.replica) return id.seq < seq ? this : undefined;
      const upTo = deps.find(({ replica }) => replica === id.replica)?.seq ?? this.names.observed.get(id.replica) ?? 0;
      return id.seq <= upTo ? authors.get(id.replica) : undefined;
    };
    const fresh = this.names.freshNodes(action, seq, seen);
    this.names.check(action, fresh, seen);
    const update = action.kind === 'text' ? restore(action.update, this.#id) : undefined;
    if (action.kind === 'text' && update !== undefined) {
      if (!isAbbreviated(update, action.update.gaps, this.#id))
        throw new Refused('MALFORMED', 'An edit of a text names its author where it need not.');
      if (
        action.base === undefined &&
        typeof action.node === 'number' &&
        this.#pen.tell(action.node, update, this.names.replicasWith(deps)) !== undefined
      )
        throw new Refused('MALFORMED', 'A stroke is told as if it were another edit.');
    }
    this.names.number(fresh);
    if (action.kind !== 'text') {
      this.#pen.lift();
      this.#text = undefined;
      return;
    }
    const node = this.names.nodeOf(action.node);
    const number = this.names.numberOf(node) ?? 0;
    if (action.base !== undefined) this.names.nameBase(number, { node, base: action.base });
    this.#text = this.names.text(number);
    this.#pen.lift(number, update);
  }

  /** The text that its last operation edited; the same object for the same text. */
  get text(): EditedText | undefined {
    return this.#text;
  }

  /** Tells what of the operations `first` to `last` edits a text. */
  tell(history: EditReader, first: number, last: number): void {
    const { shelf } = this;
    const by = history.numberOf(this.replica);
    const reader = new Reader(shelf.heads);
    let entry = shelf.entryOf(first);
    let told = shelf.textAt(entry, first - shelf.firstOf(entry));
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
        history.quote(by, shelf.texts, told, (told = shelf.textAt(entry, 0)));
        reader.at = shelf.headEnd(entry - 1) + 1;
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
        rightClock = clockOf(place.rightBy, place.rightClock, this.#pen.clockOf(start));
      }
      if (kind === ERASED) {
        history.erase(right, clock - skip - count + 1, isPlaced ? place.length + count - 1 : count, count > 1);
        continue;
      }
      const begin = shelf.textAt(entry, skip);
      const at = clock + unitsIn(shelf.texts, shelf.textAt(entry, 0), begin);
      const units = unitsIn(shelf.texts, begin, shelf.textAt(entry, skip + count));
      const left = isPlaced ? this.#numberIn(history, place.leftBy) : by;
      const leftClock = isPlaced ? clockOf(place.leftBy, place.leftClock, clock) : at - 1;
      history.type(by, at, units, left, leftClock, right, rightClock);
    }
    entry -= 1;
    history.quote(by, shelf.texts, told, shelf.textAt(entry, last - shelf.firstOf(entry) + 1));
  }

  #numberIn(history: EditReader, by: number): number {
    return by === 0 ? NOBODY : history.numberOf(clientOf(by, this.replica, this.names.replicas));
  }

  /** Reads where a stroke is that says so. */
  #readPlace(entry: number, reader: Reader): void {
    const head = this.shelf.headAt(entry);
    reader.at = this.shelf.headEnd(entry - 1) + 1;
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
      reader.at = shelf.headEnd(entry - 1) + 1;
      readStep(reader, head);
      deps = readDeps(reader, head).map((dep) => ({
        replica: dep.replica ?? this.names.replicas[dep.number - 1] ?? 0,
        seq: dep.seq,
      }));
    }
    let action: Action;
    if (kind === TYPED || kind === ERASED) action = this.#strokeAt(seq, reader);
    else {
      reader.at = shelf.headEnd(entry - 1) + 1;
      action = this.#actionOf(readOperation(reader, this.#epoch, head).action, seq);
    }
    return { replica: this.replica, seq, time: this.timeOf(seq), deps, action };
  }

  /** Operation `seq`, a stroke, as an update. */
  #strokeAt(seq: number, reader: Reader): Action {
    this.#readPlace(this.#pen.startOf(this.shelf.entryOf(seq)), reader);
    const { node = '', base = null } = this.names.text(place.node) ?? {};
    const history = new History('');
    this.tell(history, seq, seq);
    return { kind: 'text', node, base, update: updateOf(history.stroke()) };
  }

  #actionOf(action: WireDeed, seq: number): Action {
    if (action.kind === 'resolve') return action;
    const node =
      action.node === null ? madeNode(this.#epoch, { replica: this.replica, seq }) : this.names.nodeOf(action.node);
    switch (action.kind) {
      case 'create':
        return { ...action, node, parent: this.names.nodeOf(action.parent) };
      case 'move':
        return { ...action, node, parent: action.parent === null ? null : this.names.nodeOf(action.parent) };
      case 'text':
        return {
          kind: 'text',
          node,
          base: action.base ?? this.names.baseOf(node) ?? null,
          update: restore(action.update, this.#id),
        };
      default:
        return { ...action, node };
    }
  }
}

function readPlace(reader: Reader, head: number): void {
  place.read(reader, kindOf(head) === TYPED, (head & FURTHER) !== 0);
}
