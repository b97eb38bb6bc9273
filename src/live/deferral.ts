import type { EpochId, OperationId, ReplicaId } from './ids.js';
import type { Batch } from './wire/batch-codec.js';

/** How much may wait. */
export interface DeferralLimits {
  readonly operations: number;
  readonly bytes: number;
}

export const DEFERRAL_LIMITS: DeferralLimits = { operations: 100_000, bytes: 64 * 2 ** 20 };

/** Operations that cannot be used yet. */
export interface Deferred {
  readonly epoch: EpochId;
  readonly replica: ReplicaId;
  readonly first: number;
  readonly last: number;
  /** Until this operation comes; `null`: until the epoch's record comes. */
  readonly waitsFor: OperationId | null;
}

/** What is kept of a batch besides its bytes: so much for each entry, and about so much for the rest. */
const ENTRY_BYTES = 12;
const BATCH_BYTES = 200;
/** Making room makes so much of it that the next batches need none. */
const KEPT = 7 / 8;

/** The operations of a batch from the one at `index` on. */
export function restOf(batch: Batch, index: number): Batch {
  return index === 0 ? batch : { ...batch, first: batch.first + index, shelf: batch.shelf.without(index) };
}

/** Things that wait, each with a batch, within bounds. */
export class Deferral<T extends { readonly batch: Batch }> {
  readonly #limits: DeferralLimits;
  readonly #held = new Map<T, number>();
  #total = 0;

  constructor(limits: DeferralLimits) {
    this.#limits = limits;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#held.keys();
  }

  add(one: T): void {
    const share = this.#shareOf(one.batch);
    this.#held.set(one, share);
    this.#total += share;
  }

  delete(one: T): void {
    this.#total -= this.#held.get(one) ?? 0;
    this.#held.delete(one);
    if (this.#held.size === 0) this.#total = 0;
  }

  /** Which part of what may wait it takes. */
  #shareOf({ shelf }: Batch): number {
    const taken = shelf.size + shelf.entries * ENTRY_BYTES + BATCH_BYTES;
    return Math.max(shelf.count / this.#limits.operations, taken / this.#limits.bytes);
  }

  /**
   * Lets go of what is too much. No replica loses anything before those that take more than it, and of each goes what is needed last: so
   * one that floods displaces itself.
   */
  trim(): T[] {
    if (this.#total <= 1) return [];
    const byReplica = new Map<ReplicaId, [T, number][]>();
    for (const entry of this.#held) {
      const { replica } = entry[0].batch;
      const list = byReplica.get(replica);
      if (list === undefined) byReplica.set(replica, [entry]);
      else list.push(entry);
    }
    const sums = Array.from(byReplica.values(), (list) => list.reduce((sum, [, share]) => sum + share, 0));
    const level = levelFor(sums, KEPT);
    const gone: T[] = [];
    for (const list of byReplica.values()) {
      let sum = 0;
      for (const [one, share] of list.sort(([a], [b]) => a.batch.first - b.batch.first)) {
        sum += share;
        if (sum > level) gone.push(one);
      }
    }
    for (const one of gone) this.delete(one);
    return gone;
  }
}

/** The greatest level at which what of `amounts` lies below it is together at most `total`. */
function levelFor(amounts: number[], total: number): number {
  let left = total;
  const sorted = amounts.sort((a, b) => a - b);
  for (const [index, amount] of sorted.entries()) {
    const level = left / (sorted.length - index);
    if (amount > level) return level;
    left -= amount;
  }
  return Infinity;
}
