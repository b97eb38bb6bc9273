import type { EpochId } from './ids.js';
import type { Deferred, DeferralLimits } from './inbox.js';
import type { Batch } from './wire/messages.js';

/** Where operations of epochs wait whose record has not come. */
export declare class Lobby {
  constructor(limits?: DeferralLimits);
  hold(batches: readonly Batch[]): void;
  /** Those of an epoch whose record came. */
  take(epoch: EpochId): Batch[];
  /** Lets go of those of epochs before `epoch`, which nobody will honour any more. */
  forget(before: EpochId): void;
  deferred(): Deferred[];
}
