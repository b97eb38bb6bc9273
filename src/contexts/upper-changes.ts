import { readdirSync } from 'node:fs';
import { isOpaque, isWhiteout } from '../linux/overlay-files.js';
import type { Change, ChangeKind, Side } from '../model/change-set.js';
import { join, type TreePath } from '../model/tree-path.js';
import { childOf, childrenOf, lstatAt, nodesBelow, type MergedDirectory, type StackNode } from './layer-stack.js';
import { entryOf, filePath, sameContent, type FilePath, type Located } from './tree-files.js';

/** A change and where both sides of it lie: in a layer, and in the upper directory. */
export interface UpperChange {
  readonly change: Change;
  readonly before: Located | undefined;
  readonly after: Located | undefined;
}

/** One directory of the upper directory and what lies beneath it in the stack. */
interface Level {
  readonly upper: FilePath;
  readonly path: TreePath;
  readonly base: MergedDirectory;
  /** What is beneath does not show through: the directory, or one above it, is opaque or took the place of a whiteout. */
  readonly hides: boolean;
}

/** What a node looks like to a person or to git. A link's permission bits mean nothing. */
export function sideOf({ entry }: Located): Side {
  return { kind: entry.kind, mode: entry.mode, size: entry.size };
}

/**
 * What an upper directory changes on the stack of layers it stands on, ordered by path bytes. A path whose content and permission bits
 * are what they were is no change, whatever its times; neither is anything named `.git`, at any depth. What lies below a deleted
 * directory is listed path by path. Costs what the upper directory holds, and what it deletes; files of equal size are read.
 */
export function upperChanges(layers: readonly string[], upper: string): UpperChange[] {
  const changes = [...changesIn({ upper, path: '', base: layers, hides: false })];
  return changes.sort((a, b) => (a.change.path < b.change.path ? -1 : 1));
}

function* changesIn(level: Level): Generator<UpperChange, void, undefined> {
  const names = new Set(readdirSync(level.upper, 'latin1'));
  for (const name of names) {
    if (name !== '.git') yield* changesAt(level, name);
  }
  if (!level.hides) return;
  for (const child of childrenOf(level.base, level.path)) {
    if (!names.has(nameIn(level.path, child))) yield* gone(child);
  }
}

function nameIn(directory: TreePath, { entry }: StackNode): string {
  return directory === '' ? entry.path : entry.path.slice(directory.length + 1);
}

function* changesAt(level: Level, name: string): Generator<UpperChange, void, undefined> {
  const path = join(level.path, name);
  const at = filePath(level.upper, name);
  const stats = lstatAt(at);
  // Deleted since the listing: the context is in use.
  if (stats === undefined) return;
  const before = childOf(level.base, name, path);
  if (isWhiteout(stats)) {
    if (before !== undefined) yield* gone(before);
    return;
  }
  const after: Located = { entry: entryOf(path, stats), at };
  const change = changeOf(before, after);
  if (change !== undefined) yield change;
  const wasDirectory = before?.entry.kind === 'directory';
  if (after.entry.kind === 'directory') {
    const base = before?.merged ?? [];
    yield* changesIn({ upper: at, path, base, hides: base.length > 0 && (level.hides || isOpaque(at)) });
  } else if (wasDirectory) {
    yield* goneBelow(before);
  }
}

/** The deletion of a node and of all below it. */
function* gone(before: StackNode): Generator<UpperChange, void, undefined> {
  if (before.entry.path === '.git' || before.entry.path.endsWith('/.git')) return;
  const { path } = before.entry;
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
  return { change, before, after };
}

function changeKind(before: Located | undefined, after: Located): ChangeKind | undefined {
  if (before === undefined) return 'added';
  if (before.entry.kind !== after.entry.kind) return 'retyped';
  if (!sameContent(before, after)) return 'modified';
  return before.entry.mode !== after.entry.mode && after.entry.kind !== 'symlink' ? 'mode' : undefined;
}
