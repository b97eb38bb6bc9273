import { isInsidePair } from './edits.js';
import { ERASED, type History, NOBODY, TYPED } from './history.js';
import { SURROGATE } from './yjs-item.js';

/**
 * Puts what a sound history typed in order by Yjs' rule (YATA: it goes between the two characters where it was typed; of what others typed just there, by whom it is), upon columns of
 * numbers: an item of Yjs' for each stroke, parted and joined again, would cost more than all the rest. What each client wrote is parted in stretches beforehand, wherever anything was ever
 * put next to it. They are numbered from 1, client by client and as written; 0 stands for the start and the end of the text.
 */
export class Weave {
  /** By client: its first stretch; behind the last client: the number that none has. */
  readonly firsts: number[] = [];
  /** By stretch: its client, and with which of that one's characters it begins. */
  readonly owners = [0];
  readonly clocks = [0];
  /** By stretch: the one right of it; of 0 the first of the text. */
  readonly right: Int32Array;
  /** By stretch: between which two it was put. */
  readonly origins: Int32Array;
  readonly rightOrigins: Int32Array;
  readonly #history: History;
  /** By client and character: which stretch begins with it. */
  readonly #begins: readonly Int32Array[];
  /** By stretch: in which walk it was passed last, and when. */
  readonly #passed: Int32Array;
  readonly #conflicts: Int32Array;
  #walk = 0;
  #part = 0;

  constructor(history: History) {
    this.#history = history;
    this.#begins = history.lengths.map((length) => new Int32Array(length + 1));
    this.#cut();
    this.#number();
    const column = (): Int32Array => new Int32Array(this.owners.length);
    this.right = column();
    this.origins = column();
    this.rightOrigins = column();
    this.#passed = column();
    this.#conflicts = column();
  }

  /** Marks where stretches begin. */
  #cut(): void {
    const begins = this.#begins;
    const { typed, lengths } = this.#history;
    const written = lengths.map(() => 0);
    for (let at = 0; at < typed.length; at += TYPED) {
      const by = typed[at]!;
      const left = typed[at + 2]!;
      const right = typed[at + 4]!;
      begins[by]![written[by]!] = 1;
      written[by]! += typed[at + 1]!;
      if (left !== NOBODY) begins[left]![typed[at + 3]! + 1] = 1;
      if (right !== NOBODY) begins[right]![typed[at + 5]!] = 1;
    }
  }

  /** Numbers the stretches. */
  #number(): void {
    const { owners, clocks } = this;
    for (const [by, begins] of this.#begins.entries()) {
      this.firsts.push(owners.length);
      const length = begins.length - 1;
      if (length > 0) begins[0] = 1;
      for (let clock = 0; clock < length; clock += 1)
        if (begins[clock] !== 0) {
          begins[clock] = owners.push(by) - 1;
          clocks.push(clock);
        }
      begins[length] = owners.length;
    }
    this.firsts.push(owners.length);
  }

  /** With which character of its client's a stretch ends, that one not included. */
  endOf(stretch: number): number {
    const owner = this.owners[stretch]!;
    return stretch + 1 < this.firsts[owner + 1]! ? this.clocks[stretch + 1]! : this.#history.lengths[owner]!;
  }

  /** Behind which stretch those end that go on from one another as one would have, from `first` on. */
  endOfChain(first: number): number {
    const stop = this.firsts[this.owners[first]! + 1]!;
    let next = first + 1;
    while (
      next < stop &&
      this.right[next - 1] === next &&
      this.origins[next] === next - 1 &&
      this.rightOrigins[next] === this.rightOrigins[first]
    )
      next += 1;
    return next;
  }

  /** Puts all in order. Returns `false` when something was put before what it follows, or between the halves of a pair. */
  run(): boolean {
    if (this.#partsPair()) return false;
    const { right, origins, rightOrigins } = this;
    const begins = this.#begins;
    const { typed, lengths } = this.#history;
    const written = lengths.map(() => 0);
    if (lengths[0]! > 0) this.#chain(0, 1, this.firsts[1]!, 0);
    written[0] = lengths[0]!;
    for (let at = 0; at < typed.length; at += TYPED) {
      const by = typed[at]!;
      const leftOf = typed[at + 2]!;
      const rightOf = typed[at + 4]!;
      const left = leftOf === NOBODY ? 0 : begins[leftOf]![typed[at + 3]! + 1]! - 1;
      const end = rightOf === NOBODY ? 0 : begins[rightOf]![typed[at + 5]!]!;
      const first = begins[by]![written[by]!]!;
      written[by]! += typed[at + 1]!;
      origins[first] = left;
      rightOrigins[first] = end;
      if (left !== 0 && end !== 0 && !this.#isBefore(left, end)) return false;
      this.#chain(right[left] === end ? left : this.#place(first, left, end), first, begins[by]![written[by]!]!, end);
    }
    return true;
  }

  /** Puts the stretches from `first` on up to `stop`, which were typed as one, right of `left`. */
  #chain(left: number, first: number, stop: number, end: number): void {
    const { right } = this;
    for (let at = first + 1; at < stop; at += 1) {
      right[at - 1] = at;
      this.origins[at] = at - 1;
      this.rightOrigins[at] = end;
    }
    right[stop - 1] = right[left]!;
    right[left] = first;
  }

  #isBefore(left: number, end: number): boolean {
    let at = this.right[left]!;
    while (at !== end && at !== 0) at = this.right[at]!;
    return at === end;
  }

  /** Right of which stretch another goes: `Item.integrate` of Yjs. */
  #place(stretch: number, origin: number, end: number): number {
    const { right, origins, rightOrigins, owners } = this;
    const { clients } = this.#history;
    const client = clients[owners[stretch]!]!;
    const walk = (this.#walk += 1);
    let part = (this.#part += 1);
    let left = origin;
    for (let other = right[origin]!; other !== end && other !== 0; other = right[other]!) {
      this.#passed[other] = walk;
      this.#conflicts[other] = part;
      const of = origins[other]!;
      if (of === origin) {
        if (clients[owners[other]!]! < client) {
          left = other;
          part = this.#part += 1;
        } else if (rightOrigins[other] === end) break;
      } else if (of !== 0 && this.#passed[of] === walk) {
        if (this.#conflicts[of] !== part) {
          left = other;
          part = this.#part += 1;
        }
      } else break;
    }
    return left;
  }

  #partsPair(): boolean {
    const { texts, erased } = this.#history;
    const pairs = texts.map((text) => SURROGATE.test(text));
    if (!pairs.includes(true)) return false;
    const parts = (by: number, clock: number): boolean => isInsidePair(texts[by]!, clock);
    for (let at = 1; at < this.clocks.length; at += 1) if (parts(this.owners[at]!, this.clocks[at]!)) return true;
    for (let at = 0; at < erased.length; at += ERASED) {
      const [by = 0, from = 0, to = 0, singly] = erased.slice(at, at + ERASED);
      if (parts(by, from) || parts(by, to) || (singly === 1 && SURROGATE.test(texts[by]!.slice(from, to)))) return true;
    }
    return false;
  }
}
