import type { Oid } from './ids.js';

/** One entry of a directory in git. */
export interface GitEntry {
  /** As text; bytes that are not UTF-8 as `names.ts` says. */
  readonly name: string;
  /** Git's: 0o40000 directory, 0o100644, 0o100755, 0o120000 symbolic link, 0o160000 submodule. */
  readonly mode: number;
  readonly oid: Oid;
}

/**
 * All that is asked of git, and each only for what is touched. Objects never change, so answers may be kept for ever.
 * A rejected promise leaves the tree as it was; it can be asked again.
 */
export interface GitProvider {
  /** The tree of a commit. */
  treeOf(commit: Oid): Promise<Oid>;
  /** The entries of one directory. */
  tree(oid: Oid): Promise<readonly GitEntry[]>;
  /** The raw bytes of a blob. */
  blob(oid: Oid): Promise<Uint8Array>;
}
