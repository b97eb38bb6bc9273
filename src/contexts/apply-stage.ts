import { chmodSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyContent, type CloneSupport } from '../disk/copy-content.js';
import { giveOwner } from '../disk/ownership.js';
import { codeOf } from '../disk/tree-location.js';
import { setTimes } from '../linux/times.js';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import type { Step } from '../model/three-way.js';
import { toDisplay, type TreePath } from '../model/tree-path.js';
import { identityOf, type JournalStep } from './apply-journal.js';
import { lstatAt, unreadable, type Located } from './tree-files.js';

/** Where the content of what is put comes from. */
export interface Sources {
  /** What the context has at the paths that it changed. */
  readonly theirs: ReadonlyMap<TreePath, Located>;
  readonly merged: ReadonlyMap<TreePath, Buffer>;
  /** What stands in the target. */
  readonly found: ReadonlyMap<TreePath, Entry>;
}

const milli = 1_000_000n;

/**
 * Modification times for what is put: from now on, in the order that the files had in the context, files of one time with one time.
 * As with git's own checkout, whatever the target built from its earlier content is older than the new content, so it is built again;
 * and a build product that is put together with its sources stays as new in relation to them as it was.
 */
export function freshTimes(theirs: Iterable<Located>, nowMs: number): (entry: Entry) => bigint {
  const times = [...new Set([...theirs].map(({ entry }) => entry.mtimeNs))].sort((a, b) => (a < b ? -1 : 1));
  const rank = new Map(times.map((time, index) => [time, BigInt(index)]));
  return ({ mtimeNs }) => BigInt(nowMs) * milli + (rank.get(mtimeNs) ?? BigInt(times.length));
}

/**
 * Makes everything that the steps put, under its number in `new/`, and says what the journal must know. The target is not touched.
 * @throws MizerError `E_CONTEXT_CHANGED` when the context has gone on since it was looked at; else what fs or the disk room say
 */
export async function stage(directory: string, steps: readonly Step[], sources: Sources): Promise<JournalStep[]> {
  for (const name of ['new', 'old']) mkdirSync(join(directory, name), { mode: 0o700 });
  const timeOf = freshTimes(sources.theirs.values(), Date.now());
  const clone: CloneSupport = { canClone: true };
  const staged: JournalStep[] = [];
  const closing: JournalStep[] = [];
  for (const [number, step] of steps.entries()) {
    const { path } = step;
    const before = beforeOf(sources.found.get(path), step.op);
    if (step.op === 'remove' || step.op === 'remove-directory') {
      staged.push({ op: step.op, path, before, staged: null, mode: 0 });
      continue;
    }
    if (step.op === 'chmod') {
      staged.push({ op: 'chmod', path, before, staged: null, mode: step.mode });
      continue;
    }
    const to = join(directory, 'new', String(number));
    const theirs = sources.theirs.get(path);
    // What is put into a directory needs it open.
    const mode = step.op === 'make-directory' ? step.mode | 0o700 : step.mode;
    if (step.op === 'make-directory') makeDirectory(to, mode, theirs);
    else await makeFile(to, step, theirs, sources.merged.get(path), timeOf, clone);
    const made = lstatAt(to);
    const identity = made === undefined ? null : identityOf(made);
    staged.push({ op: step.op, path, before, staged: identity, mode });
    if (mode !== step.mode) closing.unshift({ op: 'chmod', path, before: identity, staged: null, mode: step.mode });
  }
  return [...staged, ...closing];
}

function beforeOf(found: Entry | undefined, op: Step['op']): JournalStep['before'] {
  // A directory is made, or a file put, only where nothing is left by then, or a file or link.
  if (found === undefined || op === 'make-directory' || (op === 'put' && found.kind === 'directory')) return null;
  const { ino, size, mtimeNs, mode } = found;
  return { ino: String(ino), size: String(size), mtimeNs: String(mtimeNs), mode };
}

function makeDirectory(to: string, mode: number, theirs: Located | undefined): void {
  mkdirSync(to, { mode: 0o700 });
  const source = theirs && lstatAt(theirs.at);
  if (source !== undefined) giveOwner(to, source);
  chmodSync(to, mode);
}

async function makeFile(
  to: string,
  { path, mode }: Step & { readonly op: 'put' },
  theirs: Located | undefined,
  merged: Buffer | undefined,
  timeOf: (entry: Entry) => bigint,
  clone: CloneSupport,
): Promise<void> {
  const source = theirs && lstatAt(theirs.at);
  if (theirs === undefined || source === undefined) throw contextChanged(path);
  if (merged !== undefined) writeFileSync(to, merged, { mode: 0o600, flag: 'wx' });
  else if (theirs.entry.kind === 'symlink') symlinkSync(readlinkSync(theirs.at, 'buffer'), to);
  else {
    const extent = { size: Number(source.size), allocated: Number(source.blocks) * 512 };
    await copyContent(theirs.at, to, extent, clone).catch((error: unknown) => {
      throw codeOf(error) === 'EACCES' ? unreadable(path, error) : error;
    });
  }
  const after = lstatAt(theirs.at);
  if (after?.ino !== source.ino || after.ctimeNs !== source.ctimeNs || after.ctimeNs !== theirs.entry.ctimeNs) {
    throw contextChanged(path);
  }
  giveOwner(to, source);
  if (theirs.entry.kind !== 'symlink') chmodSync(to, mode);
  setTimes(to, timeOf(theirs.entry), timeOf(theirs.entry));
}

function contextChanged(path: TreePath): MizerError {
  return new MizerError(
    'E_CONTEXT_CHANGED',
    `${toDisplay(path)} changed in the context while it was applied; nothing was written.`,
    {
      hint: 'Wait until what runs in the context is done, or `mzr pause` it, and apply again.',
      data: { path },
    },
  );
}
