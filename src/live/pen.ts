import type { Stroke, CharacterId } from './text/engine.js';
import { Column } from './column.js';
import type { ReplicaId } from './ids.js';
import { strokeOf, writtenAfter } from './text/stroke.js';
import { SEQ_LIMIT } from './wire/fields.js';
import { Refused } from './wire/refusal.js';
import { textOf, type CharacterReference, unitsIn, type WireStroke } from './wire/stroke-codec.js';

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
  /** Of each operation that is a stroke: the clock of what it typed or erased. */
  readonly #clocks = new Column((length) => new Float64Array(length));
  /** The seq of the stroke that each goes on from, or its own. */
  readonly #starts = new Column((length) => new Uint32Array(length));
  #last: WireStroke['kind'] | undefined;
  #node = 0;
  /** What stands right of what was typed; `undefined`: nothing does. */
  #rightOrigin: CharacterId | undefined;
  #erased: CharacterId = { client: 0, clock: 0 };

  constructor(replica: ReplicaId) {
    this.#replica = replica;
  }

  /** What the operation before was; `undefined`: no stroke. */
  get last(): WireStroke['kind'] | undefined {
    return this.#last;
  }

  /** The seq of the stroke from which `seq` goes on. */
  startOf(seq: number): number {
    return this.#starts.at(seq - 1);
  }

  /** Makes room for so many operations more. */
  reserve(more: number): void {
    for (const column of [this.#clocks, this.#starts]) column.reserve(more);
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
    return { kind: 'typed', place, text: { bytes, start: 0, end: bytes.length } };
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
    if (this.#last !== stroke.kind || this.#node !== node) return false;
    if (stroke.kind === 'erased')
      return stroke.length === 1 && stroke.client === this.#erased.client && stroke.clock + 1 === this.#erased.clock;
    return (
      stroke.origin?.client === this.#replica &&
      stroke.origin.clock === stroke.clock - 1 &&
      stroke.rightOrigin?.client === this.#rightOrigin?.client &&
      stroke.rightOrigin?.clock === this.#rightOrigin?.clock
    );
  }

  /** Takes the stroke that is the author's operation `seq`, or leaves everything as it was. @throws Refused */
  take(seq: number, wire: WireStroke, replicas: readonly ReplicaId[]): void {
    if (wire.place !== undefined) this.#begin(seq, wire, replicas);
    else if (this.#last !== wire.kind)
      throw new Refused('REFERENCE_INVALID', 'It goes on from a stroke, and there was none before it.');
    else if (wire.kind === 'typed') this.type(seq, unitsIn(wire.text.bytes, wire.text.start, wire.text.end));
    else if (!this.erase(seq)) throw new Refused('REFERENCE_INVALID', 'It erases what is before the first character.');
  }

  /** Takes a stroke that says where it is. @throws Refused */
  #begin(seq: number, wire: WireStroke, replicas: readonly ReplicaId[]): void {
    const { node } = wire.place ?? { node: 0 };
    const written = this.#written[node] ?? 0;
    const stroke = this.#strokeFrom(wire, written, replicas);
    if (this.#goesOn(node, stroke))
      throw new Refused('MALFORMED', 'It goes on from the stroke before, and says where it is all the same.');
    if (stroke.kind === 'typed') {
      this.#written[node] = written + stroke.text.length;
      this.#rightOrigin = stroke.rightOrigin;
    } else this.#erased = { client: stroke.client, clock: stroke.clock };
    this.#clocks.push(stroke.clock);
    this.#starts.push(seq);
    this.#last = stroke.kind;
    this.#node = node;
  }

  /** The stroke that is told with its place. @throws Refused */
  #strokeFrom(wire: WireStroke, written: number, replicas: readonly ReplicaId[]): Stroke {
    const author = this.#replica;
    if (wire.kind === 'erased') {
      const first = characterOf(wire.place?.first, author, written, replicas);
      const { client, clock } = first ?? this.#erased;
      return { kind: 'erased', client, clock, length: wire.place?.length ?? 1 };
    }
    const origin = characterOf(wire.place?.origin, author, written, replicas);
    const rightOrigin = characterOf(wire.place?.rightOrigin, author, written, replicas);
    return { kind: 'typed', author, clock: written, text: textOf(wire.text), origin, rightOrigin };
  }

  /** Goes on by an operation that types so many UTF-16 code units. */
  type(seq: number, units: number): void {
    const written = this.#written[this.#node] ?? 0;
    this.#clocks.push(written);
    this.#starts.push(this.startOf(seq - 1));
    this.#written[this.#node] = written + units;
  }

  /** Goes on by an operation that erases one character, if that can be. */
  erase(seq: number): boolean {
    const { client, clock } = this.#erased;
    if (this.#last !== 'erased' || clock === 0) return false;
    this.#erased = { client, clock: clock - 1 };
    this.#clocks.push(clock - 1);
    this.#starts.push(this.startOf(seq - 1));
    return true;
  }

  /** Notes an operation that is no stroke: an edit of a text by its number and update, or another. */
  lift(seq: number, node = 0, update?: Uint8Array): void {
    this.#last = undefined;
    this.#clocks.push(0);
    this.#starts.push(seq);
    const written = update === undefined ? undefined : writtenAfter(update, this.#replica);
    // With what its operations can hold beyond it, a number stays within five bytes.
    if (written !== undefined && written <= SEQ_LIMIT) this.#written[node] = written;
  }

  /** The author's operation `seq`, a stroke; `start`: the one that it goes on from. */
  stroke(seq: number, wire: WireStroke, start: WireStroke, replicas: readonly ReplicaId[]): Stroke {
    const clock = this.#clocks.at(seq - 1);
    if (wire.kind === 'erased') {
      const first = start.kind === 'erased' ? start.place?.first : undefined;
      const client = first === undefined ? 0 : clientOf(first, this.#replica, replicas);
      return { kind: 'erased', client, clock, length: wire.place?.length ?? 1 };
    }
    const place = start.kind === 'typed' ? start.place : undefined;
    const began = this.#clocks.at(this.startOf(seq) - 1);
    return {
      kind: 'typed',
      author: this.#replica,
      clock,
      text: textOf(wire.text),
      origin:
        wire.place === undefined
          ? { client: this.#replica, clock: clock - 1 }
          : characterOf(place?.origin, this.#replica, began, replicas),
      rightOrigin: characterOf(place?.rightOrigin, this.#replica, began, replicas),
    };
  }
}

/** The character that an author who has written so many means by a reference. @throws Refused */
function characterOf(
  reference: CharacterReference | undefined,
  author: ReplicaId,
  written: number,
  replicas: readonly ReplicaId[],
): CharacterId | undefined {
  if (reference === undefined) return undefined;
  const { by, clock } = reference;
  if (by === OWN && clock > written) throw new Refused('REFERENCE_INVALID', 'Its author has not written so much.');
  return { client: clientOf(reference, author, replicas), clock: by === OWN ? written - clock : clock };
}

function clientOf({ by }: CharacterReference, author: ReplicaId, replicas: readonly ReplicaId[]): number {
  if (by === OWN) return author;
  if (by === BASE) return 0;
  const client = replicas[by - BASE - 1];
  if (client === undefined) throw new Refused('REFERENCE_INVALID', `No replica has number ${by - BASE} yet.`);
  return client;
}
