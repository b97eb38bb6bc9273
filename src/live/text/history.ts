import type { ReplicaId } from '../ids.js';
import { type CharacterId, type EditReader, type Stroke, TextUpdateRefused } from './engine.js';
import { textOf } from '../wire/stroke-codec.js';
import { readTextUpdate } from './update-reader.js';

/** The client that wrote the base. */
const BASE = 0;
/** No character: the text's start or end. */
export const NOBODY = -1;
/** So many numbers for each that was typed, or erased. */
export const TYPED = 6;
export const ERASED = 4;

/**
 * What a text began as, and all that was typed and erased in it since, in causal order, as columns. Clients have numbers here, from 0 (the base). Each edit is to follow on what its author
 * wrote before, and to speak of nothing but what was there: a history in which one does not is unsound, and to be read edit by edit, each refused by itself.
 */
export class History implements EditReader {
  /** By number. */
  readonly clients: number[] = [BASE];
  /** By number all that each wrote. */
  readonly texts: string[];
  /** By number how much that is. */
  readonly lengths: number[];
  /** Of each that was typed: by whom, how much; right of whose character, and which; left of whose, and which. */
  readonly typed: number[] = [];
  /** Of what was erased: whose, from which character on, up to which; and 1 when it was erased character by character. */
  readonly erased: number[] = [];
  isSound = true;
  readonly #quoted: ({ readonly bytes: Uint8Array; readonly start: number; end: number } | undefined)[] = [];
  readonly #numbers = new Map<number, number>([[BASE, 0]]);

  constructor(seed: string) {
    this.texts = [seed];
    this.lengths = [seed.length];
  }

  numberOf(client: number): number {
    let number = this.#numbers.get(client);
    if (number === undefined) {
      number = this.clients.push(client) - 1;
      this.#numbers.set(client, number);
      this.texts.push('');
      this.lengths.push(0);
    }
    return number;
  }

  /** What follows on one another is read at once, by `finish`. */
  quote(by: number, bytes: Uint8Array, start: number, end: number): void {
    const quoted = this.#quoted[by];
    if (quoted !== undefined && quoted.end === start) quoted.end = end;
    else {
      this.finish(by);
      this.#quoted[by] = { bytes, start, end };
    }
  }

  finish(by: number): void {
    const quoted = this.#quoted[by];
    if (quoted === undefined) return;
    this.texts[by] += textOf(quoted.bytes, quoted.start, quoted.end);
    this.#quoted[by] = undefined;
  }

  type(
    by: number,
    clock: number,
    length: number,
    left: number,
    leftClock: number,
    right: number,
    rightClock: number,
  ): void {
    const { lengths } = this;
    if (
      clock !== lengths[by] ||
      (left !== NOBODY && leftClock >= (lengths[left] ?? 0)) ||
      (right !== NOBODY && rightClock >= (lengths[right] ?? 0))
    )
      this.isSound = false;
    this.typed.push(by, length, left, leftClock, right, rightClock);
    lengths[by] = clock + length;
  }

  erase(by: number, clock: number, length: number, singly: boolean): void {
    if (clock + length > (this.lengths[by] ?? 0)) this.isSound = false;
    this.erased.push(by, clock, clock + length, singly ? 1 : 0);
  }

  update(author: ReplicaId, update: Uint8Array): void {
    try {
      const { client, inserts, deletes } = readTextUpdate(update);
      if (client !== undefined && client !== author) this.isSound = false;
      const by = this.numberOf(author);
      // An update speaks of what was there before all of it.
      const before = this.lengths[by] ?? 0;
      for (const { client: of, clock, length } of deletes) this.erase(this.numberOf(of), clock, length, false);
      for (const { clock, text, origin, rightOrigin } of inserts) {
        for (const one of [origin, rightOrigin])
          if (one?.client === author && one.clock >= before) this.isSound = false;
        this.finish(by);
        this.texts[by] += text;
        const number = (one: CharacterId | undefined): number =>
          one === undefined ? NOBODY : this.numberOf(one.client);
        this.type(
          by,
          clock,
          text.length,
          number(origin),
          origin?.clock ?? 0,
          number(rightOrigin),
          rightOrigin?.clock ?? 0,
        );
      }
    } catch (error) {
      if (!(error instanceof TextUpdateRefused)) throw error;
      this.isSound = false;
    }
  }

  /** What it tells, if that is one stroke. */
  stroke(): Stroke {
    const [by = 0, length = 0, left = NOBODY, leftClock = 0, right = NOBODY, rightClock = 0] = this.typed;
    if (this.typed.length === 0) {
      const [of = 0, clock = 0, end = 0] = this.erased;
      return { kind: 'erased', client: this.clients[of] ?? 0, clock, length: end - clock };
    }
    this.finish(by);
    const character = (of: number, clock: number): CharacterId | undefined =>
      of === NOBODY ? undefined : { client: this.clients[of] ?? 0, clock };
    return {
      kind: 'typed',
      author: this.clients[by] ?? 0,
      clock: (this.lengths[by] ?? 0) - length,
      text: this.texts[by] ?? '',
      origin: character(left, leftClock),
      rightOrigin: character(right, rightClock),
    };
  }
}
