import type { NestedRepository } from '../git/nested.js';
import type { SortedEntry } from './stub.js';
import type { TotalsCounter } from './totals.js';
import type { Fate, IgnoreFile } from './tracking.js';

/** A directory below another one that is not entered yet. */
export interface Waiting {
  readonly name: string;
  readonly mtime: number;
  readonly device: number;
}

/** A directory on the way to where a scan stands. */
export interface Frame extends Fate {
  readonly name: string;
  readonly mtime: number;
  readonly descriptor: number;
  readonly names: string[];
  /** Entries are tracked one by one. */
  readonly tracked: boolean;
  /** `unreadable`: a repository, but not with which commit. */
  readonly nested: NestedRepository | 'unreadable' | undefined;
  readonly ignore: readonly IgnoreFile[];
  readonly counter: TotalsCounter;
  readonly entries: SortedEntry[];
  /** Files that are among `entries` only later, when it is known that something in the directory changed. */
  readonly files: string[];
  /** Their records. */
  readonly texts: string[];
  readonly waiting: Waiting[];
  /** Of `names`, the next to look at. */
  next: number;
  /** There were so many files that some are among `entries` already. */
  large: boolean;
}
