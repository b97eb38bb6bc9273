import { MizerError } from '../model/errors.js';
import type { TreePath } from '../model/tree-path.js';
import type { Shadow } from './shadow.js';

/** A path that could not be looked at or read. The root is `''`. */
export interface ObserveError {
  readonly path: TreePath;
  /** `EACCES`, `EIO`, …, or a sentence. */
  readonly reason: string;
}

export interface StatProgress {
  /** Entries looked at so far. */
  readonly entries: number;
  /** How many there were the last time; 0 where that is not known. */
  readonly expected: number;
  readonly phase: 'scan' | 'write';
}

export interface StatOptions {
  /** Look and write even where the directory is immutable and recorded so. */
  readonly force?: boolean;
  /** `also`: take the least and greatest mtime anew even if nothing else changed; `only`: write nothing but the root's summary. */
  readonly mtimeRange?: 'also' | 'only';
  /** Count directories of other file systems without entering them. */
  readonly oneFileSystem?: boolean;
  /** Heed the real tree's own `.gitignore` files as well. */
  readonly respectGitignore?: boolean;
  /** Wait for another stat of the same shadow to end; otherwise `E_SHADOW_BUSY`. True by default. */
  readonly wait?: boolean;
  readonly onProgress?: (progress: StatProgress) => void;
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

export interface StatResult {
  /** The commit made; absent when nothing changed. */
  readonly commit?: string;
  readonly unchanged: boolean;
  /** The directory is immutable, and was recorded so: nothing was looked at. */
  readonly immutable: boolean;
  /** Entries of the real tree that were looked at, the root included. */
  readonly entries: number;
  readonly errors: readonly ObserveError[];
}

/**
 * Brings `master-stat` up to date.
 * @throws MizerError `E_SHADOW_BUSY`, `E_REALDIR_GONE`, `E_INTERRUPTED`, `E_BRANCH_MOVED`, `E_GIT`
 */
export async function stat(shadow: Shadow, options: StatOptions = {}): Promise<StatResult> {
  throw new MizerError('E_REALDIR_GONE', `${shadow.realDirectory} ${String(options.force)}`);
}
