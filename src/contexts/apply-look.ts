import { readdirSync } from 'node:fs';
import { toEntry } from '../disk/look.js';
import { locate } from '../disk/tree-location.js';
import type { Entry } from '../model/entry.js';
import type { Node, PathState } from '../model/three-way.js';
import type { TreePath } from '../model/tree-path.js';
import { hostChanged } from './apply-carry-out.js';
import { isNoDirectory, PinnedTree } from './pinned-tree.js';
import { parentsOf } from './selection.js';
import { lstatAt, sameContent, unreadable, type Located } from './tree-files.js';
import type { UpperChange } from './upper-changes.js';

/** What an apply knows before it plans. */
export interface Look {
  readonly states: readonly PathState[];
  /** What stood at each path of the target, `lstat` taken before its content was read. */
  readonly found: ReadonlyMap<TreePath, Entry>;
}

/** Looks at the paths that a context changed and at their parents, and at nothing else of the target. @throws MizerError `E_HOST_CHANGED`, `E_UNREADABLE` */
export function lookAt(changes: readonly UpperChange[], upper: string, target: string): Look {
  const byPath = new Map(changes.map((one) => [one.change.path, one]));
  const parents = parentsOf(changes.filter(({ after }) => after !== undefined).map(({ change }) => change.path));
  const found = new Map<TreePath, Entry>();
  const states: PathState[] = [];
  const tree = new PinnedTree(target);
  try {
    for (const path of [...new Set([...byPath.keys(), ...parents])].sort()) {
      try {
        const stats = tree.stat(path);
        const ours = stats && { entry: toEntry(path, stats, 0n), at: tree.at(path) };
        if (ours !== undefined) found.set(path, ours.entry);
        states.push(stateOf(path, byPath.get(path), ours, upper));
      } catch (error) {
        throw isNoDirectory(error) ? hostChanged(path) : unreadable(path, error);
      }
    }
  } finally {
    tree.close();
  }
  return { states, found };
}

function stateOf(
  path: TreePath,
  touched: UpperChange | undefined,
  ours: Located | undefined,
  upper: string,
): PathState {
  if (touched === undefined) {
    const mode = Number(lstatAt(locate(upper, path))?.mode ?? 0o755n) & 0o7777;
    const unchanged: Node = { kind: 'directory', mode, content: '' };
    return { path, base: unchanged, ours: ours && nodeOf(ours, ''), theirs: unchanged };
  }
  const { before, after, change } = touched;
  const kept = before !== undefined && change.kind === 'mode';
  const theirs = after && nodeOf(after, kept ? 'base' : 'theirs');
  const states = {
    path,
    base: before && nodeOf(before, 'base'),
    ours: ours && nodeOf(ours, tokenOf(touched, ours)),
    theirs,
  };
  const leaves = ours?.entry.kind === 'directory' && after?.entry.kind !== 'directory';
  return leaves ? { ...states, names: readdirSync(ours.at, 'latin1') } : states;
}

/** Which of the two other sides a node of the target has the content of. */
function tokenOf({ before, after }: UpperChange, ours: Located): string {
  const like = (side: Located | undefined): boolean => side?.entry.kind === ours.entry.kind && sameContent(side, ours);
  if (like(before)) return 'base';
  return like(after) ? 'theirs' : 'ours';
}

function nodeOf({ entry: { kind, mode } }: Located, content: string): Node {
  return { kind, mode, content: kind === 'directory' || kind === 'other' ? '' : content };
}
