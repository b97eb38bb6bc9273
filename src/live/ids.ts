/** A participant: an integer from 1 to 2^32-1, chosen by the caller and never used again after its state was lost. 0 is the base's. */
export type ReplicaId = number;

/** A moment in Lamport's sense; together with the replica it orders everything. */
export interface Stamp {
  readonly time: number;
  readonly replica: ReplicaId;
}

/** An epoch is known by the moment of its creation; of all heard of the greatest is honoured. */
export type EpochId = Stamp;

/** Which operation: the `seq`-th (from 1, without gaps) of a replica in one epoch. */
export interface OperationId {
  readonly replica: ReplicaId;
  readonly seq: number;
}

/** How many operations of each replica are meant; a replica that is missing has none. */
export type Vector = ReadonlyMap<ReplicaId, number>;

/** A set of operations of one epoch that holds with each operation all that its author had seen. */
export interface Version {
  readonly epoch: EpochId;
  readonly vector: Vector;
}

/** A git object id in hexadecimal: 40 digits (SHA-1) or 64 (SHA-256). */
export type Oid = string;

/**
 * An entry's identity, for ever: `b<time>.<replica>/<path>` is what the base of that epoch had at `path` (the root: an empty path),
 * `c<time>.<replica>.<maker>.<seq>` what operation `seq` of `maker` made in that epoch.
 */
export type NodeId = string;

/** Negative when `a` comes first. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.time - b.time || a.replica - b.replica;
}

/** The entry that `epoch`'s base has at `path`. */
export function baseNode(epoch: EpochId, path: string): NodeId {
  return `b${epoch.time}.${epoch.replica}/${path}`;
}

/** The entry that an operation made. */
export function madeNode(epoch: EpochId, by: OperationId): NodeId {
  return `c${epoch.time}.${epoch.replica}.${by.replica}.${by.seq}`;
}

/** The path of a base entry of `epoch` in its base, or `undefined` for every other entry. */
export function basePathIn(epoch: EpochId, node: NodeId): string | undefined {
  const prefix = baseNode(epoch, '');
  return node.startsWith(prefix) ? node.slice(prefix.length) : undefined;
}
