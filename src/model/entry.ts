import type { TreePath } from './tree-path.js';

export type Kind = 'file' | 'directory' | 'symlink' | 'other';

/** One file, directory, symbolic link or other node of a tree, with what `lstat` says of it. */
export interface Entry {
  readonly path: TreePath;
  readonly kind: Kind;
  /** Permission bits, `mode & 0o7777`. */
  readonly mode: number;
  /** Bytes; of a symbolic link the length of its target; 0 for directories, whose size means nothing across file systems. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: number;
  readonly dev: number;
  readonly nlink: number;
}
