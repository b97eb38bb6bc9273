import type { EpochId, NodeId, Oid, OperationId, ReplicaId, Vector } from './ids.js';

/** What an entry that operations made is. */
export type MadeType = 'directory' | 'text' | 'binary' | 'symlink';

/** Gives a place to an entry that the base does not have: a new one, or one carried over from an earlier epoch, which keeps its id. */
export interface Create {
  readonly kind: 'create';
  readonly node: NodeId;
  readonly parent: NodeId;
  readonly name: string;
  readonly type: MadeType;
  readonly executable: boolean;
}

/** Puts an entry elsewhere; `parent: null` is the trash. Without effect when it would close a circle. */
export interface Move {
  readonly kind: 'move';
  readonly node: NodeId;
  readonly parent: NodeId | null;
  readonly name: string;
}

/** An edit of a text, as its engine put it. */
export interface TextEdit {
  readonly kind: 'text';
  readonly node: NodeId;
  /** The git blob the text began from; `null`: it began empty. An engine takes an edit upon another beginning silently and diverges. */
  readonly base: Oid | null;
  readonly update: Uint8Array;
}

/** Bytes of a binary file, or the target of a symbolic link: the last by (time, replica) stands. */
export interface Content {
  readonly kind: 'content';
  readonly node: NodeId;
  readonly bytes: Uint8Array;
}

export interface Mode {
  readonly kind: 'mode';
  readonly node: NodeId;
  readonly executable: boolean;
}

/** Text of the author's that found no place in a new epoch, because the lines around it changed there as well. */
export interface Conflict {
  readonly kind: 'conflict';
  readonly node: NodeId;
  /** An anchor of the text engine: where it would have been. */
  readonly at: Uint8Array;
  /** The lines as they were before both changes, and as the author had them. */
  readonly before: string;
  readonly ours: string;
}

/** Somebody dealt with a conflict. */
export interface Resolve {
  readonly kind: 'resolve';
  readonly conflict: OperationId;
}

export type Action = Create | Move | TextEdit | Content | Mode | Conflict | Resolve;

export interface Operation extends OperationId {
  /** Lamport time: greater than that of everything its author had seen. */
  readonly time: number;
  /** What its author had newly observed since its own operation before: for each such replica the last `seq`. */
  readonly deps: readonly OperationId[];
  readonly action: Action;
}

/** The beginning of an epoch. */
export interface Epoch {
  readonly id: EpochId;
  readonly kind: 'first' | 'reset' | 'commit';
  /** The commit it stands upon; `null`: an empty tree. */
  readonly base: Oid | null;
  readonly parent: EpochId | null;
  /** What of the parent its creator settled: for a commit it is in the base, for a reset it was carried over. */
  readonly settled: Vector;
  /** What of earlier ancestors had been settled, the newest first. */
  readonly lineage: readonly { readonly epoch: EpochId; readonly settled: Vector }[];
  /** Made entries of the parent that the new base holds at these paths. */
  readonly became: readonly { readonly node: NodeId; readonly path: string }[];
  /** So many first operations of its creator are part of it. */
  readonly carried: number;
}

/** Where somebody is: beside the log, forgotten after a time. */
export interface Presence {
  readonly replica: ReplicaId;
  readonly epoch: EpochId;
  /** Counts up at its replica; an older one is ignored. */
  readonly count: number;
  /** Milliseconds for which it holds. */
  readonly lifetime: number;
  readonly node: NodeId | null;
  /** Anchors of the text engine. */
  readonly selections: readonly { readonly anchor: Uint8Array; readonly head: Uint8Array }[];
}
