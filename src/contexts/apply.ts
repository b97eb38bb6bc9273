import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { isOutOfSpace, writeError } from '../disk/atomic.js';
import { removeTree } from '../disk/remove-tree.js';
import { codeOf, locate } from '../disk/tree-location.js';
import type { ChangeSet } from '../model/change-set.js';
import { MizerError } from '../model/errors.js';
import { plan, type PlanConflict, type Step } from '../model/three-way.js';
import { toDisplay, type TreePath } from '../model/tree-path.js';
import { carryOut, hostChanged, type Failure } from './apply-carry-out.js';
import { writtenBy } from './apply-written.js';
import { endJournal, readJournal, writeJournal } from './apply-journal.js';
import { lookAt } from './apply-look.js';
import { rollBack, type LeftPath } from './apply-roll-back.js';
import { stage, type Sources } from './apply-stage.js';
import { mergeFiles } from './merge-files.js';
import { selectChanges, type Selection } from './selection.js';
import { unreadChanges, type UpperChange } from './upper-changes.js';

export interface ApplyRequest extends Selection {
  /** The layers that the context stands on, topmost first, and its upper directory; all absolute. */
  readonly layers: readonly string[];
  readonly upper: string;
  /** Where the changes go: the host view, or the mount point of another context, absolute. */
  readonly target: string;
  /**
   * A directory of the store for what is on its way, made when missing. It must be reached through the same mount as the target: for a
   * context's mount point, a directory in it.
   */
  readonly staging: string;
  /** A directory on the same file system for what is done with, to be emptied by the caller; without it that is removed at once. */
  readonly trash?: string;
  /** Only say what would be written. */
  readonly dryRun: boolean;
  /** Merge texts that both sides changed. */
  readonly merge: boolean;
}

export interface ApplyOutcome {
  /** What changed in the target, or would, by path bytes. */
  readonly written: ChangeSet;
  /** Merged from both sides, a part of `written`. */
  readonly merged: readonly TreePath[];
  /** Changed alike on both sides; nothing to do. */
  readonly same: number;
  /** By path bytes. When there is one, nothing was written. */
  readonly conflicts: readonly PlanConflict[];
}

export interface Recovery {
  /** Targets that are again as they were before an apply was cut short. */
  readonly rolledBack: readonly string[];
  /** What could not be put back, because it was written to since. */
  readonly left: readonly LeftPath[];
}

const running = 'apply-';

/**
 * Brings a context's changes into a target: all of them, or none. Only what the context changed is looked at. Permission bits and links
 * arrive as they are; modification times are new, in the context's order (`freshTimes`); owners as far as this process may give them;
 * hard links and extended attributes are not kept. Call it under a lock of the target; the context may be in use.
 * @throws MizerError and the target is as before: `E_HOST_CHANGED`, `E_CONTEXT_CHANGED`, `E_UNREADABLE`, `E_DISK_FULL`, `E_WRITE_FAILED`,
 *   `E_APPLY_FAILED`; `E_APPLY_LEFT` when something could not be put back because someone else wrote there meanwhile
 */
export async function apply(request: ApplyRequest): Promise<ApplyOutcome> {
  const changes = await selectChanges(unreadChanges(request.layers, request.upper), request);
  const look = lookAt(changes, request.upper, request.target);
  const { steps, same, conflicts: planned } = plan(look.states, request.merge);
  const merges = await mergeAll(steps, changes, request.target);
  const conflicts = [...planned, ...merges.conflicts].sort((a, b) => (a.path < b.path ? -1 : 1));
  if (conflicts.length > 0) return { written: [], merged: [], same, conflicts };
  const theirs = new Map(changes.flatMap(({ change, after }) => (after === undefined ? [] : [[change.path, after]])));
  const sources: Sources = { theirs, merged: merges.done, found: look.found };
  if (!request.dryRun && steps.length > 0) await write(request, steps, sources);
  return { written: writtenBy(steps, sources), merged: [...merges.done.keys()].sort(), same, conflicts };
}

/**
 * Rolls back what earlier applies with this staging directory were cut short in, and removes what they left. Cheap when there is nothing.
 * Call it, under the same lock as `apply`, before a target is looked at.
 */
export async function recoverApply(staging: string): Promise<Recovery> {
  const rolledBack: string[] = [];
  const left: LeftPath[] = [];
  for (const name of namesIn(staging)) {
    if (!name.startsWith(running)) continue;
    const directory = join(staging, name);
    const journal = await readJournal(directory);
    if (journal === undefined) removeTree(directory);
    else {
      left.push(...end(directory, rollBack(directory, journal)));
      rolledBack.push(journal.target);
    }
  }
  return { rolledBack, left };
}

function namesIn(staging: string): string[] {
  try {
    return readdirSync(staging);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

interface Merges {
  readonly done: ReadonlyMap<TreePath, Buffer>;
  readonly conflicts: readonly PlanConflict[];
}

async function mergeAll(steps: readonly Step[], changes: readonly UpperChange[], target: string): Promise<Merges> {
  const byPath = new Map(changes.map((one) => [one.change.path, one]));
  const done = new Map<TreePath, Buffer>();
  const conflicts: PlanConflict[] = [];
  for (const step of steps) {
    const { before, after } = byPath.get(step.path) ?? {};
    if (step.op !== 'put' || step.content !== 'merge' || before === undefined || after === undefined) continue;
    const merged = await mergeFiles(before.at, locate(target, step.path), after.at);
    if (merged === undefined) conflicts.push({ path: step.path, reason: 'merge-failed' });
    else done.set(step.path, merged);
  }
  return { done, conflicts };
}

async function write(request: ApplyRequest, steps: readonly Step[], sources: Sources): Promise<void> {
  const { staging, target } = request;
  const directory = join(staging, `${running}${randomBytes(6).toString('hex')}`);
  let journal;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    journal = { target, steps: await stage(directory, steps, sources) };
    // Contents first, all at once; then the journal, which flushes itself. A crash finds both or no journal.
    await promisify(execFile)('sync', ['--file-system', directory]);
    await writeJournal(directory, journal);
  } catch (error) {
    removeTree(directory);
    throw error instanceof MizerError ? error : writeError(directory, error);
  }
  const failure = carryOut(directory, journal, sources.found);
  if (failure === undefined) {
    end(directory, [], request.trash);
    return;
  }
  const left = end(directory, rollBack(directory, journal, failure.completed));
  throw left.length > 0 ? leftError(left, failure) : asError(failure);
}

/** Closes an apply's books. What could not be put back is kept under another name. */
function end(directory: string, left: readonly LeftPath[], trash?: string): LeftPath[] {
  endJournal(directory);
  if (left.length === 0) {
    if (trash === undefined) removeTree(directory);
    else renameSync(directory, join(trash, basename(directory)));
    return [];
  }
  const kept = directory.replace(/apply-([0-9a-f]+)$/, 'kept-$1');
  renameSync(directory, kept);
  return left.map(({ path, saved }) => ({ path, saved: saved?.replace(directory, kept) }));
}

function asError({ path, cause }: Failure): MizerError {
  if (cause instanceof MizerError) return cause;
  const code = codeOf(cause);
  if (isOutOfSpace(code)) return writeError(toDisplay(path), cause);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EEXIST') return hostChanged(path);
  return new MizerError('E_APPLY_FAILED', `${toDisplay(path)} could not be written (${code}); nothing was changed.`, {
    group: 'failed',
    hint: 'Look at the owner and the permissions of the directory it lies in, and run `mzr apply` again.',
    cause,
    data: { path },
  });
}

function leftError(left: readonly LeftPath[], { path, cause }: Failure): MizerError {
  const names = left.map((one) => toDisplay(one.path)).join(', ');
  const reason = `${toDisplay(path)} stopped the apply, and ${names} changed before it could be put back.`;
  return new MizerError('E_APPLY_LEFT', reason, {
    group: 'failed',
    hint: `Look at these paths; what they held before is kept in ${left.find(({ saved }) => saved)?.saved ?? 'the work tree'}.`,
    cause,
    data: { left },
  });
}
