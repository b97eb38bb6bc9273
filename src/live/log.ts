import type { NodeId, OperationId, ReplicaId, Vector, Version } from './ids.js';
import type { Action, Epoch, Operation } from './operation.js';
import type { Refusal } from './wire/refusal.js';

/** The operations of one epoch that are integrated, as bytes, each after all that its author had seen. */
export declare class Log {
  constructor(epoch: Epoch);
  readonly epoch: Epoch;
  /** The greatest time in it, or its epoch's. */
  readonly time: number;
  /** How many operations it holds. */
  readonly size: number;
  /** How many of each replica; grows with the log. */
  readonly vector: Vector;
  /** As it is now, for keeping. */
  version(): Version;
  /** The seq that the next operation of `replica` bears. */
  nextSeq(replica: ReplicaId): number;
  /**
   * Adds an operation of one's own: seq, time and what was newly observed follow from the log. `after`: a time heard of elsewhere.
   * The `node` of a new entry's `create` is `madeNode(epoch.id, {replica, seq: nextSeq(replica)})`.
   * @throws LiveError ARGUMENT_INVALID
   */
  write(replica: ReplicaId, action: Action, after?: number): Operation;
  /** Adds the next operation of another replica, whose deps are here. */
  accept(replica: ReplicaId, body: Uint8Array): Operation | Refusal;
  /** One operation. */
  operation(id: OperationId): Operation | undefined;
  /** In the order in which they were integrated; all, or those beyond a vector. */
  operations(beyond?: Vector): IterableIterator<Operation>;
  /** Those of one node (a `resolve` belongs to its conflict's), in the order in which they were integrated. */
  history(node: NodeId): IterableIterator<Operation>;
  /** Messages of what `version` lacks: nothing but operations when it is of this epoch, else the epoch's record and all. */
  missing(version?: Version): Uint8Array;
  /** The same, of one replica: from `first` on, up to `last`. */
  messages(replica: ReplicaId, first: number, last?: number): Uint8Array;
}
