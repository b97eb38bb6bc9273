import { chmodSync, mkdirSync, renameSync, rmdirSync, unlinkSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../disk/tree-location.js';
import type { TreePath } from '../model/tree-path.js';
import { identityOf, isUnchanged, type Journal, type JournalStep } from './apply-journal.js';
import { PinnedTree } from './pinned-tree.js';
import { lstatAt } from './tree-files.js';

/** What could not be put back, because someone else has written there since. `saved`: where the earlier content lies. */
export interface LeftPath {
  readonly path: TreePath;
  readonly saved: string | undefined;
}

/**
 * Undoes what was done of a journal, the last step first, and is itself safe to be cut short and done again: what the files in the
 * staging directory and the target are tells what each step had come to. Overwrites nothing that it did not put there.
 * @param completed how many steps are known to be done; all may be after a crash
 */
export function rollBack(directory: string, journal: Journal, completed = Infinity): LeftPath[] {
  const left: LeftPath[] = [];
  const tree = new PinnedTree(journal.target);
  try {
    for (const [number, step] of [...journal.steps.entries()].toReversed()) {
      const old = join(directory, 'old', String(number));
      const saved = lstatAt(old);
      try {
        if (!undo(tree, step, old, saved, number < completed)) left.push({ path: step.path, saved: saved && old });
      } catch {
        if (saved !== undefined || number < completed) left.push({ path: step.path, saved: saved && old });
      }
    }
  } finally {
    tree.close();
  }
  return left.toReversed();
}

/** Says whether the path is as it was before the step. */
function undo(
  tree: PinnedTree,
  step: JournalStep,
  old: string,
  saved: BigIntStats | undefined,
  done: boolean,
): boolean {
  const now = tree.stat(step.path);
  const isOurs = isUnchanged(step.staged, now && identityOf(now));
  if (step.op === 'put' || step.op === 'remove') {
    if (saved !== undefined) {
      if (now?.ino === saved.ino) return true;
      if (now !== undefined && !isOurs) return false;
      renameSync(old, tree.at(step.path));
    } else if (step.op === 'put' && step.before === null && isOurs) {
      unlinkSync(tree.at(step.path));
    }
    return true;
  }
  if (step.op === 'make-directory')
    return now === undefined || String(now.ino) !== step.staged?.ino || removed(tree, step.path);
  if (!done || step.before === null) return true;
  if (step.op === 'remove-directory') {
    if (now === undefined) {
      mkdirSync(tree.at(step.path));
      chmodSync(tree.at(step.path), step.before.mode);
    }
    return true;
  }
  const { ino, mode } = step.before;
  if (now !== undefined) {
    tree.chmod(step.path, mode, (stats) => String(stats.ino) === ino && Number(stats.mode & 0o7777n) === step.mode);
  }
  return true;
}

function removed(tree: PinnedTree, path: TreePath): boolean {
  try {
    rmdirSync(tree.at(path));
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY') return false;
    throw error;
  }
}
