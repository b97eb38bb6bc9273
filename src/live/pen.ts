import type { Stroke, CharacterId } from './text/engine.js';
import type { ReplicaId } from './ids.js';
import { strokeOf, writtenAfter } from './text/stroke.js';
import { SEQ_LIMIT } from './wire/fields.js';
import { ERASED, TYPED } from './wire/operation-codec.js';
import { Refused } from './wire/refusal.js';
import type { CharacterReference, StrokePlace, WireStroke } from './wire/stroke-codec.js';

const OWN = 1;
const BASE = 2;
const encoder = new TextEncoder();

/**
 * What an author's next stroke is told by: how many characters he has written in each text, and his stroke before. All of it follows from his own operations, so that
 * all tell a stroke in the same bytes.
 */
export class Pen {
  readonly #replica: ReplicaId;
  /** By the number of the node. */
  readonly #written: number[] = [];
  /** Of each entry that is a stroke: the clock of what its first operation typed or erased. */
  readonly #clocks: number[] = [];
  /** The entry of the stroke with a place that each goes on from, or its own. */
  readonly #starts: number[] = [];
  /** What the operation before was; 0: no stroke. */
  #kind = 0;
  #node = 0;
  #start = 0;
  /** Of the operation before. */
  #clock = 0;
  /** What stands right of what was typed, or what was erased; `client` -1: nothing. */
  #client = -1;
  #at = 0;

  constructor(replica: ReplicaId) {
    this.#replica = replica;
  }

  /** The entry of the stroke from which one goes on. */
  startOf(entry: number): number {
    return this.#starts[entry] ?? 0;
  }

  /** The clock of what an entry's first operation typed, or of the first character that it erased. */
  clockOf(entry: number): number {
    return this.#clocks[entry] ?? 0;
  }

  /** How an update has to be told as a stroke; `undefined` when it is none. `replicas`: by number those that have one. */
  tell(node: number, update: Uint8Array, replicas: readonly ReplicaId[]): WireStroke | undefined {
    const stroke = strokeOf(update, this.#replica);
    if (stroke === undefined) return undefined;
    const written = this.#written[node] ?? 0;
    const goesOn = this.#goesOn(node, stroke);
    if (stroke.kind === 'erased') {
      const first = this.#refer(stroke, written, replicas);
      if (first === undefined) return undefined;
      return { kind: 'erased', place: goesOn ? undefined : { node, first, length: stroke.length } };
    }
    if (stroke.clock !== written) return undefined;
    const origin = stroke.origin && this.#refer(stroke.origin, written, replicas);
    const rightOrigin = stroke.rightOrigin && this.#refer(stroke.rightOrigin, written, replicas);
    // Some character has no name here.
    if ((origin === undefined) !== (stroke.origin === undefined)) return undefined;
    if ((rightOrigin === undefined) !== (stroke.rightOrigin === undefined)) return undefined;
    const bytes = encoder.encode(stroke.text);
    const place = goesOn ? undefined : { node, origin, rightOrigin };
    return { kind: 'typed', place, text: bytes };
  }

  #refer(
    { client, clock }: CharacterId,
    written: number,
    replicas: readonly ReplicaId[],
  ): CharacterReference | undefined {
    if (client === this.#replica) return clock < written ? { by: OWN, clock: written - clock } : undefined;
    if (client === 0) return { by: BASE, clock };
    const number = replicas.indexOf(client) + 1;
    return number === 0 ? undefined : { by: BASE + number, clock };
  }

  /** Whether a stroke goes on from the one before: that must be told so, as one thing has one encoding only. */
  #goesOn(node: number, stroke: Stroke): boolean {
    if (stroke.kind === 'erased')
      return stroke.length === 1 && this.#continues(ERASED, node, stroke.client, stroke.clock, -1, 0);
    const { origin, rightOrigin } = stroke;
    const right = rightOrigin?.client ?? -1;
    return this.#continues(TYPED, node, origin?.client ?? -1, origin?.clock ?? 0, right, rightOrigin?.clock ?? 0);
  }

  #continues(kind: number, node: number, left: number, leftClock: number, right: number, rightClock: number): boolean {
    if (this.#kind !== kind || this.#node !== node) return false;
    if (kind === ERASED) return left === this.#client && leftClock + 1 === this.#at;
    return (
      left === this.#replica &&
      leftClock + 1 === this.#written[node] &&
      right === this.#client &&
      (right < 0 || rightClock === this.#at)
    );
  }

  /**
   * Takes up to `count` strokes, of so many UTF-16 code units if they type, or leaves everything as it was. Returns how many it took, which is one at least.
   * `place`: where the first is; the others, and without one all, go on. `entry`: the next one. @throws Refused
   */
  take(
    kind: number,
    place: StrokePlace | undefined,
    count: number,
    units: number,
    entry: number,
    replicas: readonly ReplicaId[],
  ): number {
    if (place === undefined) return this.#goOn(kind, count, units);
    const { node } = place;
    const written = this.#written[node] ?? 0;
    const left = clientOf(place.leftBy, this.#replica, replicas);
    const leftClock = clockOf(place.leftBy, place.leftClock, written);
    const right = clientOf(place.rightBy, this.#replica, replicas);
    const rightClock = clockOf(place.rightBy, place.rightClock, written);
    if (place.length === 1 && this.#continues(kind, node, left, leftClock, right, rightClock))
      throw new Refused('MALFORMED', 'It goes on from the stroke before, and says where it is.');
    const erases = kind === ERASED;
    const taken = erases ? Math.min(count, leftClock + 1) : count;
    this.#kind = kind;
    this.#node = node;
    this.#start = entry;
    this.#clock = erases ? leftClock : written;
    this.#client = erases ? left : right;
    this.#at = erases ? leftClock - taken + 1 : rightClock;
    this.#written[node] = written + units;
    return taken;
  }

  #goOn(kind: number, count: number, units: number): number {
    if (this.#kind !== kind)
      throw new Refused('REFERENCE_INVALID', 'It goes on from a stroke, and there was none before it.');
    if (kind === TYPED) {
      this.#clock = this.#written[this.#node] ?? 0;
      this.#written[this.#node] = this.#clock + units;
      return count;
    }
    if (this.#at === 0) throw new Refused('REFERENCE_INVALID', 'It erases what is before the first character.');
    const taken = Math.min(count, this.#at);
    this.#clock = this.#at - 1;
    this.#at -= taken;
    return taken;
  }

  /** Notes that what it took last, or lifted for, is an entry of its own. */
  enter(): void {
    this.#clocks.push(this.#clock);
    this.#starts.push(this.#start);
  }

  /** Notes an operation that is no stroke: an edit of a text by its number and update, or another. */
  lift(node = 0, update?: Uint8Array): void {
    this.#kind = 0;
    this.#clock = 0;
    this.#start = 0;
    const written = update === undefined ? undefined : writtenAfter(update, this.#replica);
    // With what its operations can hold beyond it, a number stays within five bytes.
    if (written !== undefined && written <= SEQ_LIMIT) this.#written[node] = written;
  }
}

/** The client that an author means by a reference: 0 is the base, -1 nobody. @throws Refused */
export function clientOf(by: number, author: ReplicaId, replicas: readonly ReplicaId[]): number {
  if (by === OWN) return author;
  if (by < OWN) return -1;
  if (by === BASE) return 0;
  const client = replicas[by - BASE - 1];
  if (client === undefined) throw new Refused('REFERENCE_INVALID', `No replica has number ${by - BASE} yet.`);
  return client;
}

/** The clock of the character that an author who has written so many means by a reference. @throws Refused */
export function clockOf(by: number, clock: number, written: number): number {
  if (by !== OWN) return clock;
  if (clock > written) throw new Refused('REFERENCE_INVALID', 'Its author has not written so much.');
  return written - clock;
}
