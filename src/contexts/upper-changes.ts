import { readdirSync } from 'node:fs';
import { codeOf, locate } from '../disk/tree-location.js';
import { isOpaque, isWhiteout } from '../linux/overlay-files.js';
import type { Change, ChangeKind, Side } from '../model/change-set.js';
import { join, nameOf, type TreePath } from '../model/tree-path.js';
import { childrenOf, nodeAt, nodesBelow, type MergedDirectory, type StackNode } from './layer-stack.js';
import { located, lstatAt, sameContent, unreadable, type Located } from './tree-files.js';

/** A change and where both sides of it lie: in a layer, and in the upper directory. */
export interface UpperChange {
  readonly change: Change;
  readonly before: Located | undefined;
  readonly after: Located | undefined;
  /** Both sides are files of one size that were not read: `modified` is a guess. */
  readonly unread?: true;
}

/** One directory of the upper directory and what lies beneath it in the stack. */
interface Level {
  readonly upper: string;
  readonly path: TreePath;
  readonly base: MergedDirectory;
  /** What is beneath does not show through: the directory, or one above it, is opaque or took the place of a whiteout. */
  readonly hides: boolean;
}

const attempts = 5;

/** What a node looks like to a person or to git. A link's permission bits mean nothing. */
export function sideOf({ entry }: Located): Side {
  return { kind: entry.kind, mode: entry.mode, size: entry.size };
}

/**
 * What an upper directory changes on the stack of layers it stands on, ordered by path bytes. A path whose content and permission bits
 * are what they were is no change, whatever its times; neither is anything named `.git`, at any depth. What lies below a deleted
 * directory is listed path by path. Costs what the upper directory holds, and what it deletes; files of equal size are read.
 * @param retouched a file that is what it was but for its modification time is `modified` as well: to a build it is a newer product
 * @throws MizerError `E_UNREADABLE` for a directory that may not be read
 */
export function upperChanges(layers: readonly string[], upper: string, retouched = false): UpperChange[] {
  return readThrough(unreadChanges(layers, upper), retouched);
}

/** The same with no file read: some of the changes may be none (`readThrough`). */
export function unreadChanges(layers: readonly string[], upper: string): UpperChange[] {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const changes = [...changesIn({ upper, path: '', base: layers, hides: false })];
      return changes.sort((a, b) => (a.change.path < b.change.path ? -1 : 1));
    } catch (error) {
      // Something went away between being listed and being looked at: the context is in use.
      if (attempt === attempts || codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** Those that are changes, files read where it takes that to know. What goes away meanwhile has changed. */
export function readThrough(changes: readonly UpperChange[], retouched = false): UpperChange[] {
  return changes.flatMap((one) => {
    const { change, before, after, unread } = one;
    if (unread === undefined || before === undefined || after === undefined) return [one];
    const read = { change, before, after };
    if (!isSame(before, after) || (retouched && before.entry.mtimeNs !== after.entry.mtimeNs)) return [read];
    return before.entry.mode === after.entry.mode ? [] : [{ ...read, change: { ...change, kind: 'mode' } }];
  });
}

function isSame(before: Located, after: Located): boolean {
  try {
    return sameContent(before, after);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function* changesIn(level: Level): Generator<UpperChange, void, undefined> {
  const names = new Set(namesIn(level));
  for (const name of names) {
    if (name !== '.git') yield* changesAt(level, name);
  }
  if (!level.hides) return;
  for (const child of childrenOf(level.base, level.path)) {
    if (!names.has(nameOf(child.entry.path))) yield* gone(child);
  }
}

function namesIn({ upper, path }: Level): string[] {
  try {
    return readdirSync(locate(upper, path), 'latin1');
  } catch (error) {
    throw codeOf(error) === 'EACCES' ? unreadable(path, error) : error;
  }
}

function* changesAt(level: Level, name: string): Generator<UpperChange, void, undefined> {
  const path = join(level.path, name);
  const at = locate(level.upper, path);
  const stats = lstatAt(at);
  if (stats === undefined) return;
  const before = nodeAt(level.base, path);
  if (isWhiteout(stats)) {
    if (before !== undefined) yield* gone(before);
    return;
  }
  const after = located(level.upper, path, stats);
  const change = changeOf(before, after);
  if (change !== undefined) yield change;
  const wasDirectory = before?.entry.kind === 'directory';
  if (after.entry.kind === 'directory') {
    const base = before?.merged ?? [];
    yield* changesIn({ ...level, path, base, hides: base.length > 0 && (level.hides || isOpaque(at)) });
  } else if (wasDirectory) {
    yield* goneBelow(before);
  }
}

/** The deletion of a node and of all below it. */
function* gone(before: StackNode): Generator<UpperChange, void, undefined> {
  const { path } = before.entry;
  if (nameOf(path) === '.git') return;
  yield { change: { path, kind: 'deleted', before: sideOf(before), after: undefined }, before, after: undefined };
  yield* goneBelow(before);
}

function* goneBelow(before: StackNode): Generator<UpperChange, void, undefined> {
  for (const node of nodesBelow(before.merged, before.entry.path)) {
    const { path } = node.entry;
    if (`/${path}/`.includes('/.git/')) continue;
    yield { change: { path, kind: 'deleted', before: sideOf(node), after: undefined }, before: node, after: undefined };
  }
}

function changeOf(before: Located | undefined, after: Located): UpperChange | undefined {
  const kind = changeKind(before, after);
  if (kind === undefined) return undefined;
  const { path } = after.entry;
  const change: Change = { path, kind, before: before && sideOf(before), after: sideOf(after) };
  const isGuess = kind === 'modified' && after.entry.kind === 'file' && before?.entry.size === after.entry.size;
  return { change, before, after, ...(isGuess ? { unread: true } : {}) };
}

function changeKind(before: Located | undefined, after: Located): ChangeKind | undefined {
  if (before === undefined) return 'added';
  if (before.entry.kind !== after.entry.kind) return 'retyped';
  if (after.entry.kind === 'file' || !sameContent(before, after)) return 'modified';
  return before.entry.mode !== after.entry.mode && after.entry.kind !== 'symlink' ? 'mode' : undefined;
}
