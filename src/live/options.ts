import type { NodeId, Oid, ReplicaId } from './ids.js';
import type { GitProvider } from './provider.js';
import type { Refusal } from './wire/refusal.js';

/** What a tree stands on. */
export interface WorkTreeOptions {
  /** An integer from 1 to 2^32-1 that no other participant has, and that is never used again after its state was lost. */
  readonly replica: ReplicaId;
  readonly provider: GitProvider;
  /** The time in milliseconds, by which undo groups and presences end. Nothing else depends on it. */
  readonly clock: () => number;
  readonly limits?: {
    /** A file of more bytes is binary, whatever it holds. 16 MiB when not given. */
    readonly text?: number;
  };
}

/** What became of bytes from another. */
export interface Applied {
  /** How many operations and epochs of them were new and are worked in. */
  readonly taken: number;
  /** How many operations wait, of these and of all before, for others that they stand upon. */
  readonly deferred: number;
  /** What can never be used, and why. */
  readonly refused: readonly Refusal[];
}

/** Where another participant is. */
export interface Participant {
  readonly replica: ReplicaId;
  /** The file he is in; `null` when none is known. */
  readonly entry: NodeId | null;
  readonly path: string | null;
  /** In UTF-16 offsets, as far as the text is open here. */
  readonly selections: readonly { readonly anchor: number; readonly head: number }[];
}

export interface WorkTreeEvents {
  /** Messages for all others, to be kept by who wants to come back after a crash: what one public call, or one `batch`, made. */
  operations: Uint8Array;
  /** A message for those who are there now. It need not arrive. */
  presence: Uint8Array;
  /** Entries, names, contents or statuses may be others than before. */
  entries: void;
  /** Another epoch is active. */
  epoch: { readonly base: Oid | null };
  /** A new epoch could not be loaded; the tree stays as it was and can be used. See `retry`. */
  error: unknown;
}
