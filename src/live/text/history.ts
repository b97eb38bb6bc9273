import type { ReplicaId } from '../ids.js';
import { type CharacterId, TextUpdateRefused } from './engine.js';
import { readTextUpdate } from './update-reader.js';

/** The client that wrote the base. */
const BASE = 0;
/** No character: the text's start or end. */
export const NOBODY = -1;
/** Numbers of `History.typed` for each that was typed. */
export const TYPED = 6;

/**
 * What a text began as, and all that was typed and erased in it since, in causal order, as columns. Clients have numbers here, from 0 (the base). Each edit is to follow on what its author
 * wrote before, and to speak of nothing but what was there: a history in which one does not is unsound, and to be read edit by edit, each refused by itself.
 */
export class History {
  /** By number. */
  readonly clients: number[] = [BASE];
  /** By number all that each wrote. */
  readonly texts: string[];
  /** By number how much that is. */
  readonly lengths: number[];
  /** Of each that was typed: by whom, how much; right of whose character, and which; left of whose, and which. */
  readonly typed: number[] = [];
  /** Of what was erased: whose, from which character on, up to which. */
  readonly erased: number[] = [];
  /** The same of what was erased character by character. */
  readonly erasedSingly: number[] = [];
  isSound = true;
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

  /** The text of what was typed, or will be said to have been typed, next by a client. */
  write(by: number, text: string): void {
    this.texts[by] += text;
  }

  /** Notes so much typed, from its author's `clock`-th character on. */
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

  /** Notes so much erased; `singly`: character by character. */
  erase(by: number, clock: number, length: number, singly: boolean): void {
    if (clock + length > (this.lengths[by] ?? 0)) this.isSound = false;
    (singly ? this.erasedSingly : this.erased).push(by, clock, clock + length);
  }

  /** Notes an edit that is told as an update. */
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
        this.write(by, text);
        this.#between(by, clock, text.length, origin, rightOrigin);
      }
    } catch (error) {
      if (!(error instanceof TextUpdateRefused)) throw error;
      this.isSound = false;
    }
  }

  #between(
    by: number,
    clock: number,
    length: number,
    origin: CharacterId | undefined,
    rightOrigin: CharacterId | undefined,
  ): void {
    const left = origin === undefined ? NOBODY : this.numberOf(origin.client);
    const right = rightOrigin === undefined ? NOBODY : this.numberOf(rightOrigin.client);
    this.type(by, clock, length, left, origin?.clock ?? 0, right, rightOrigin?.clock ?? 0);
  }
}
