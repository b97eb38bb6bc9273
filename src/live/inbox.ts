import type { EpochId, OperationId, ReplicaId } from './ids.js';
import type { Log } from './log.js';
import type { Operation } from './operation.js';
import type { Batch } from './wire/messages.js';
import type { Refusal } from './wire/refusal.js';

/** How much may wait. */
export interface DeferralLimits {
  readonly operations: number;
  readonly bytes: number;
}

export declare const DEFERRAL_LIMITS: DeferralLimits;

/** Operations that cannot be used yet. */
export interface Deferred {
  readonly epoch: EpochId;
  readonly replica: ReplicaId;
  readonly first: number;
  readonly last: number;
  /** Until this operation comes; `null`: until the epoch's record comes. */
  readonly waitsFor: OperationId | null;
}

export interface Received {
  /** Now in the log, in causal order, each once. */
  readonly operations: readonly Operation[];
  readonly refused: readonly Refusal[];
}

/** Brings the operations of one epoch into causal order. Those it gives out are in the log. */
export declare class Inbox {
  constructor(log: Log, limits?: DeferralLimits);
  /** Batches of the log's epoch, all those of one input at once. Never throws. */
  receive(batches: readonly Batch[]): Received;
  deferred(): Deferred[];
}
