import type { EpochId, ReplicaId } from '../ids.js';
import type { Epoch, Presence } from '../operation.js';
import type { Refusal } from './refusal.js';

/** Operations of one replica in one epoch, one after the other, as bytes: what they refer to is known only in causal order. */
export interface Batch {
  readonly epoch: EpochId;
  readonly replica: ReplicaId;
  /** The seq of the first. */
  readonly first: number;
  /** All of them. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` each ends. */
  readonly ends: Uint32Array;
}

export type Message =
  | { readonly kind: 'operations'; readonly batch: Batch }
  | { readonly kind: 'epoch'; readonly epoch: Epoch }
  | { readonly kind: 'presence'; readonly presence: Presence }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** All messages of an input, in its order. Never throws. */
export declare function decodeMessages(bytes: Uint8Array): Message[];
/** @throws LiveError ARGUMENT_INVALID */
export declare function encodeEpoch(epoch: Epoch): Uint8Array;
/** @throws LiveError ARGUMENT_INVALID */
export declare function encodePresence(presence: Presence): Uint8Array;
