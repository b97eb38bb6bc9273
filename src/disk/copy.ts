import { mkdirSync } from 'node:fs';
import { patch, type Manifest } from '../model/manifest.js';
import type { Entry } from '../model/entry.js';
import { isWithin, type TreePath } from '../model/tree-path.js';
import { CopyBatch } from './copy-entry.js';
import { runCopies } from './copy-command.js';
import { planCopy } from './copy-plan.js';
import { findDefects, linkGroups } from './copy-proof.js';
import { clockTick, statOf, toEntry } from './look.js';
import { walk, type PathError } from './walk.js';

export interface CopyProgress {
  readonly done: number;
  readonly total: number;
}

export interface CopyTreeOptions {
  /** Absolute path of the tree, as text. */
  readonly from: string;
  /** Absolute path of the copy, as text: an empty directory, or nothing yet. */
  readonly to: string;
  /** Paths that are left out with all below them. */
  readonly exclude?: readonly TreePath[];
  /** Called about ten times a second. */
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Ends the copy early; what is done by then stays for the caller to discard. */
  readonly signal?: AbortSignal;
}

export interface CopyTreeResult {
  /** The source as it was copied. */
  readonly source: Manifest;
  readonly copy: Manifest;
  /** Files that changed during each attempt: their content may be of two moments. */
  readonly unstable: readonly TreePath[];
  /** What could not be read or made. Sockets are left out without an error. */
  readonly errors: readonly PathError[];
}

const JOBS = 2;
const PROGRESS_MS = 100;

/**
 * Copies a tree: kinds, modes, nanosecond times, symbolic and hard links, holes, extended attributes; owners when this process is root of
 * the machine. `cp` does the bulk; then the copy is compared with the source as it was before and after, and whatever does not prove
 * equal is copied again one by one.
 * @throws MizerError `E_DISK_FULL`, `E_WRITE_FAILED`; the reason of `signal`
 */
export async function copyTree(options: CopyTreeOptions): Promise<CopyTreeResult> {
  const { from, to, exclude = [], signal } = options;
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const batch = new CopyBatch(from, to);
  // First of all, so that what is made in it belongs to the user and not to a group that a directory above hands down.
  await batch.copy('');
  const before = await walk(from, { exclude });
  await copyBulk(before.manifest, batch, options);
  signal?.throwIfAborted();
  const copied = await walk(to);
  const after = await walk(from, { exclude });

  const unstable: TreePath[] = [];
  const errors: PathError[] = [...after.errors];
  const put = new Map<TreePath, Entry>();
  const remove: TreePath[] = [];
  const defects = findDefects(before.manifest, after.manifest, copied.manifest);
  const directories = new Set(defects.directories);
  let uprooted = false;
  for (const path of [...defects.again, ...directories]) {
    signal?.throwIfAborted();
    const outcome = await batch.copy(path);
    const entry = outcome.state === 'copied' || outcome.state === 'unstable' ? outcome.entry : undefined;
    if (directories.has(path) && entry?.kind !== 'directory') {
      // Gone since what is below it was copied; that went from the copy with it.
      uprooted = true;
      for (const below of put.keys()) if (isWithin(below, path)) put.delete(below);
    }
    if (entry !== undefined) put.set(path, entry);
    if (outcome.state === 'gone') remove.push(path);
    if (outcome.state === 'unstable') unstable.push(path);
    if (outcome.state === 'failed') errors.push({ path, code: outcome.code });
  }
  const finished = batch.finish();
  return {
    source: patch(after.manifest, { put: [...put.values()], remove }),
    copy: uprooted ? (await walk(to)).manifest : lookAgain(to, copied.manifest, [...defects.again, ...finished]),
    unstable,
    errors,
  };
}

async function copyBulk(tree: Manifest, batch: CopyBatch, options: CopyTreeOptions): Promise<void> {
  const { onProgress, signal } = options;
  // One `cp` keeps hard links among all it copies, so a tree that has such is divided only where it must be.
  const divisible = linkGroups(tree).size === 0;
  const limit = divisible ? Math.max(2000, Math.ceil(tree.length / 16)) : Infinity;
  const plan = planCopy(tree, options.exclude ?? [], limit);
  for (const path of plan.directories) await batch.copy(path);
  let done = 0;
  const tell = (): void => onProgress?.({ done: Math.min(done, tree.length), total: tree.length });
  const timer = onProgress && setInterval(tell, PROGRESS_MS);
  const onCopied = onProgress && ((count: number) => void (done += count));
  try {
    await runCopies(options.from, options.to, plan.units, divisible ? JOBS : 1, { onCopied, signal });
  } finally {
    clearInterval(timer);
  }
  done = tree.length;
  tell();
}

/** `manifest` of the tree at `root` with these paths as they are now. */
function lookAgain(root: string, manifest: Manifest, paths: readonly TreePath[]): Manifest {
  const tick = clockTick(root);
  const put: Entry[] = [];
  const remove: TreePath[] = [];
  for (const path of paths) {
    if (path === '') continue;
    const stats = statOf(root, path);
    if (stats === undefined) remove.push(path);
    else put.push(toEntry(path, stats, tick));
  }
  return patch(manifest, { put, remove });
}
