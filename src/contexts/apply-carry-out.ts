import { linkSync, renameSync, rmdirSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../disk/tree-location.js';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import { toDisplay, type TreePath } from '../model/tree-path.js';
import type { Journal, JournalStep } from './apply-journal.js';
import { isNoDirectory, PinnedTree } from './pinned-tree.js';
import { lstatAt, type FilePath } from './tree-files.js';

/** What a step failed on, and how many before it are done. */
export interface Failure {
  readonly completed: number;
  readonly path: TreePath;
  readonly cause: unknown;
}

/**
 * Does what the journal says, each step after a last look at its path. What gives way is kept in `old/`, so that it can be put back.
 * Whoever reads a path that is replaced finds the one or the other, never nothing.
 */
export function carryOut(
  directory: string,
  journal: Journal,
  found: ReadonlyMap<TreePath, Entry>,
): Failure | undefined {
  const tree = new PinnedTree(journal.target);
  try {
    for (const [number, step] of journal.steps.entries()) {
      try {
        carryOutStep(tree, step, found.get(step.path), {
          fresh: join(directory, 'new', String(number)),
          old: join(directory, 'old', String(number)),
        });
      } catch (error) {
        return { completed: number, path: step.path, cause: isNoDirectory(error) ? hostChanged(step.path) : error };
      }
    }
    return undefined;
  } finally {
    tree.close();
  }
}

interface Places {
  readonly fresh: string;
  readonly old: string;
}

function carryOutStep(tree: PinnedTree, step: JournalStep, found: Entry | undefined, { fresh, old }: Places): void {
  const { op, path } = step;
  const now = tree.stat(path);
  const at = tree.at(path);
  if (op === 'make-directory' || (op === 'put' && step.before === null)) {
    if (now !== undefined) throw hostChanged(path);
    if (op === 'make-directory') renameSync(fresh, at);
    else putNew(fresh, at, path);
    return;
  }
  if (op === 'chmod') {
    const { before, mode } = step;
    const isMeant = (stats: BigIntStats): boolean =>
      String(stats.ino) === before?.ino && Number(stats.mode & 0o7777n) === before.mode;
    if (!tree.chmod(path, mode, (stats) => isMeant(stats) && (stats.isDirectory() || isAsFound(stats, found)))) {
      throw hostChanged(path);
    }
    return;
  }
  if (now === undefined || !isAsFound(now, found)) throw hostChanged(path);
  if (op === 'remove-directory') removeDirectory(at, path);
  else {
    if (op === 'remove') renameSync(at, old);
    else keep(at, old);
    // Someone may have been quicker: then what was kept is not what was seen, and goes back.
    const kept = lstatAt(old);
    if (kept?.size !== now.size || kept.mtimeNs !== now.mtimeNs) throw hostChanged(path);
    if (op === 'put') renameSync(fresh, at);
  }
}

/** By a second name, which unlike a rename never replaces what is there; by a rename where the file system has no hard links. */
function putNew(fresh: string, at: FilePath, path: TreePath): void {
  try {
    linkSync(fresh, at);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw hostChanged(path);
    if (!['EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'].includes(code)) throw error;
    renameSync(fresh, at);
  }
}

function keep(at: FilePath, old: string): void {
  try {
    linkSync(at, old);
  } catch (error) {
    // Also other people's files: link(2) refuses them where `protected_hardlinks` is set.
    if (!['EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error))) throw error;
    renameSync(at, old);
  }
}

function removeDirectory(at: FilePath, path: TreePath): void {
  try {
    rmdirSync(at);
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY') throw hostChanged(path);
    throw error;
  }
}

/** Whether a node is what was planned on. Replacing one name of a file changes the ctime of its others. */
function isAsFound(now: BigIntStats, found: Entry | undefined): boolean {
  if (found === undefined || Number(now.mode & 0o7777n) !== found.mode || Number(now.ino) !== found.ino) return false;
  if (now.isDirectory()) return found.kind === 'directory';
  const sameTimes = now.mtimeNs === found.mtimeNs && (found.nlink > 1 || now.ctimeNs === found.ctimeNs);
  return sameTimes && Number(now.size) === found.size;
}

/** The target is not what was planned on. */
export function hostChanged(path: TreePath): MizerError {
  return new MizerError(
    'E_HOST_CHANGED',
    `${toDisplay(path)} changed while the context was applied; nothing was changed by mizer.`,
    {
      hint: 'Wait until what writes there is done, and run `mzr apply` again.',
      data: { path },
    },
  );
}
