import type { Kind } from './entry.js';
import type { TreePath } from './tree-path.js';

/** One side of a change: what a person or git would see there. Times are not part of it. */
export interface Side {
  readonly kind: Kind;
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
}

/** What became of one path between two trees. `retyped`: another kind of node stands there. `mode`: same content, other permission bits. */
export type ChangeKind = 'added' | 'deleted' | 'modified' | 'mode' | 'retyped';

export interface Change {
  readonly path: TreePath;
  readonly kind: ChangeKind;
  /** `undefined` when the path was not there. */
  readonly before: Side | undefined;
  readonly after: Side | undefined;
}

/** What differs between two trees, ordered by path bytes. Plans are change sets. */
export type ChangeSet = readonly Change[];
