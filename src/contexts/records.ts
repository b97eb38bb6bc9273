import type { TreePath } from '../model/tree-path.js';

/** `store.json`: whose store this is. */
export interface StoreRecord {
  readonly version: 1;
  /** Twelve hexadecimal digits; part of mount points and mount sources. */
  readonly id: string;
  /** Absolute path of the work tree when it was last used. */
  readonly workTree: string;
  /** Inode of the store's directory: a copied repository brings a copied record, whose id must not serve twice. */
  readonly inode: number;
  /** Number of the btrfs subvolume that holds it: a snapshot brings a copied record, too, with inodes as they were. */
  readonly subvolume?: string;
}

/** `layers/<id>/layer.json`: one snapshot, and the layer that holds what it adds to the one below. */
export interface SnapshotRecord {
  readonly version: 1;
  readonly id: string;
  /** The context it was taken of; absent for the host view. */
  readonly of?: string;
  /** The snapshot this layer lies on. */
  readonly below?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly entries: number;
  /** Bytes of the files in this layer. */
  readonly bytes: number;
  /** HEAD at the time. */
  readonly head?: string;
  readonly branch?: string;
  /** Holds build products that `promote` banked. */
  readonly promoted: boolean;
  /** Asked for by name, so it is kept; others go when nothing stands on them. */
  readonly kept: boolean;
  /** Files that never rested while they were copied. */
  readonly unstable: readonly TreePath[];
  /** What could not be read, and so is not in it. */
  readonly unreadable: readonly TreePath[];
}

/** `contexts/<name>/context.json`. What can be read from the kernel or from git (sessions, branch, HEAD) is not in it. */
export interface ContextRecord {
  readonly version: 1;
  readonly name: string;
  /** Of a run: not listed without `--all`. */
  readonly hidden: boolean;
  /** The snapshot it stands on; absent when the host view itself is the lower layer. */
  readonly base?: string;
  readonly live: boolean;
  readonly createdAt: string;
  /** Hidden, but to be kept for a while after its command; since then. */
  readonly keptAt?: string;
  readonly share: readonly TreePath[];
  readonly command?: readonly string[];
  /** Where the upper directory and its `work` are: beside this record, but outside the work tree for a live context. */
  readonly directory: string;
  readonly submodules: readonly { readonly path: TreePath; readonly commonDir: string }[];
  /** HEAD when it was made, to tell whether commits came. */
  readonly head?: string;
  readonly limits: Readonly<{ cpuPercent?: number; memoryBytes?: number; pids?: number }>;
}

type Shape = Readonly<Record<string, 'string' | 'number' | 'boolean' | 'array' | 'object'>>;

/** Whether it is a record of the one version there is, with these members. */
function has(value: unknown, shape: Shape): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  if (record['version'] !== 1) return false;
  return Object.entries(shape).every(([key, type]) =>
    type === 'array' ? Array.isArray(record[key]) : typeof record[key] === type,
  );
}

export function isStoreRecord(value: unknown): value is StoreRecord {
  // The id becomes part of paths.
  return (
    has(value, { id: 'string', workTree: 'string', inode: 'number' }) &&
    /^[0-9a-f]{12}$/.test((value as StoreRecord).id)
  );
}

export function isSnapshotRecord(value: unknown): value is SnapshotRecord {
  return has(value, {
    id: 'string',
    createdAt: 'string',
    entries: 'number',
    bytes: 'number',
    kept: 'boolean',
    unstable: 'array',
    unreadable: 'array',
  });
}

export function isContextRecord(value: unknown): value is ContextRecord {
  return has(value, {
    name: 'string',
    hidden: 'boolean',
    live: 'boolean',
    createdAt: 'string',
    share: 'array',
    directory: 'string',
    limits: 'object',
    submodules: 'array',
  });
}
