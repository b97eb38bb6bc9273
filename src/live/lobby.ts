import { Deferral, DEFERRAL_LIMITS, type Deferred, type DeferralLimits } from './deferral.js';
import { compareStamps, type EpochId } from './ids.js';
import type { Batch } from './wire/batch-codec.js';

interface Waiting {
  readonly batch: Batch;
  /** Epoch, replica and first seq. */
  readonly key: string;
}

/** Where operations of epochs wait whose record has not come. */
export class Lobby {
  readonly #waiting: Deferral<Waiting>;
  readonly #byKey = new Map<string, Waiting>();

  constructor(limits: DeferralLimits = DEFERRAL_LIMITS) {
    this.#waiting = new Deferral(limits);
  }

  /** Keeps them, as far as there is room. Of batches that begin alike the longest stands, of others the first. */
  hold(batches: readonly Batch[]): void {
    for (const batch of batches) {
      const key = `${batch.epoch.time}.${batch.epoch.replica}.${batch.replica}.${batch.first}`;
      const before = this.#byKey.get(key);
      if (before !== undefined) {
        const held = before.batch.shelf;
        if (batch.shelf.count <= held.count || !batch.shelf.beginsWith(0, held, 0)) continue;
        this.#drop(before);
      }
      const waiting = { batch, key };
      this.#waiting.add(waiting);
      this.#byKey.set(key, waiting);
    }
    for (const gone of this.#waiting.trim()) this.#byKey.delete(gone.key);
  }

  #drop(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#byKey.delete(waiting.key);
  }

  /** Gives out those of an epoch whose record came. */
  take(epoch: EpochId): Batch[] {
    const taken = [...this.#waiting].filter(({ batch }) => compareStamps(batch.epoch, epoch) === 0);
    for (const waiting of taken) this.#drop(waiting);
    return taken.map(({ batch }) => batch);
  }

  /** Lets go of those of epochs before `epoch`, which nobody will honour any more. */
  forget(before: EpochId): void {
    for (const waiting of [...this.#waiting]) if (compareStamps(waiting.batch.epoch, before) < 0) this.#drop(waiting);
  }

  deferred(): Deferred[] {
    return Array.from(this.#waiting, ({ batch }) => ({
      epoch: batch.epoch,
      replica: batch.replica,
      first: batch.first,
      last: batch.first + batch.shelf.count - 1,
      waitsFor: null,
    }));
  }
}
