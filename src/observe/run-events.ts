import type { KeptError } from './kept-error.js';
import type { Registry } from './registry.js';
import type { ObserveError } from './scan.js';
import type { ScanOptions } from './stat.js';

/** What a run says of a directory, as soon as it is done with it. */
export interface ShadowEvent {
  readonly kind: 'shadow';
  readonly root: string;
  /** The real directory, absolute. */
  readonly path: string;
  readonly shadow?: string;
  /** `busy`: another looks at it. `waiting`: it has failed, and its time has not come. */
  readonly result: 'made' | 'changed' | 'unchanged' | 'busy' | 'waiting' | 'failed';
  readonly commit?: string;
  readonly entries?: number;
  /** Paths that could not be read. */
  readonly errors: readonly ObserveError[];
  /** Why it failed. */
  readonly error?: KeptError;
  /** Before that time a failed one is not tried again in this run, an ISO time. */
  readonly retryAt?: string;
}

export type RunEvent =
  | ShadowEvent
  /** A root that could not be searched. */
  | { readonly kind: 'root'; readonly root: string; readonly error: KeptError }
  /** A directory below a root that could not be read. */
  | { readonly kind: 'unreadable'; readonly root: string; readonly error: ObserveError }
  /** Some times a second; `expected` is how many entries there were the last time, 0 where that is not known. */
  | { readonly kind: 'progress'; readonly path: string; readonly entries: number; readonly expected: number }
  | { readonly kind: 'round'; readonly summary: RoundSummary };

/** How many directories of a round came to which result. */
export interface RoundSummary {
  readonly made: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly busy: number;
  readonly waiting: number;
  readonly failed: number;
  /** Paths that could not be read, and roots that could not be searched. */
  readonly errors: number;
  readonly seconds: number;
}

/** What every stat of the run is done with, among others. */
export interface RunOptions extends Pick<ScanOptions, 'oneFileSystem' | 'respectGitignore'> {
  readonly registry: Registry;
  /** Paths of roots; all that are registered by default. */
  readonly roots?: readonly string[];
  /** `shadowRoot()` by default. */
  readonly shadowRoot?: string;
  /** For ever, a round each so many milliseconds, measured from start to start; once without it. */
  readonly everyMs?: number;
  /** Directories looked at at the same time; 1 by default. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}
