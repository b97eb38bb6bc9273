import type { Kind } from './entry.js';
import { join, parentOf, type TreePath } from './tree-path.js';

/** What stands at a path in one of the three trees, as far as two trees can be told apart by it. */
export interface Node {
  readonly kind: Kind;
  /** Permission bits. Of a symbolic link they mean nothing and are not compared. */
  readonly mode: number;
  /** Equal for equal content of this path's three nodes: bytes of a file, target of a link; `''` for a directory. */
  readonly content: string;
}

/** One path in all three trees: the context's base, the target (*ours*) and the context (*theirs*). `undefined`: nothing there. */
export interface PathState {
  readonly path: TreePath;
  readonly base: Node | undefined;
  /** Nothing, too, where a parent in the target is no directory: links are not followed. */
  readonly ours: Node | undefined;
  readonly theirs: Node | undefined;
  /** All names in the target's directory; needed where it is a directory there and none in the context. */
  readonly names?: readonly string[];
}

/** One thing to do to the target. `put`: a file or link, in place of a file or link when `replaces`. */
export type Step =
  | { readonly op: 'remove'; readonly path: TreePath }
  | { readonly op: 'remove-directory'; readonly path: TreePath }
  | { readonly op: 'make-directory'; readonly path: TreePath; readonly mode: number }
  | { readonly op: 'chmod'; readonly path: TreePath; readonly mode: number }
  | {
      readonly op: 'put';
      readonly path: TreePath;
      readonly mode: number;
      /** `merge`: of base, ours and theirs, all three files with content of their own. */
      readonly content: 'theirs' | 'merge';
      readonly replaces: boolean;
    };

export type ConflictReason = 'both-changed' | 'both-added' | 'changed-and-deleted' | 'blocked' | 'merge-failed';
export interface PlanConflict {
  readonly path: TreePath;
  readonly reason: ConflictReason;
}

export interface Plan {
  /** In an order in which they can be carried out: removals deepest first, then directories before what they hold. */
  readonly steps: readonly Step[];
  /** Ordered by path bytes. When there is one, the steps are not to be carried out. */
  readonly conflicts: readonly PlanConflict[];
  /** Paths changed by the context that the target already has just so. */
  readonly same: number;
}

type Verdict =
  | { readonly do: 'nothing' | 'same' | 'remove' }
  | { readonly do: 'write'; readonly mode: number; readonly content: 'theirs' | 'merge' }
  | { readonly do: 'chmod'; readonly mode: number }
  | { readonly do: 'conflict'; readonly reason: ConflictReason };

/** Whether two nodes are the same to a person or to git. */
export function sameNode(a: Node | undefined, b: Node | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.kind === b.kind && a.content === b.content && (a.kind === 'symlink' || a.mode === b.mode);
}

/** Three ways on one value; `undefined` when all three differ. */
function pick<T>(base: T, ours: T, theirs: T): T | undefined {
  if (ours === base || ours === theirs) return theirs;
  return theirs === base ? ours : undefined;
}

function conflict(reason: ConflictReason): Verdict {
  return { do: 'conflict', reason };
}

/** What the three nodes of one path alone call for. */
function judge({ base, ours, theirs }: PathState, merge: boolean): Verdict {
  if (sameNode(base, theirs)) return { do: 'nothing' };
  if (sameNode(ours, theirs)) return { do: 'same' };
  if (theirs?.kind === 'other')
    return base === undefined && ours === undefined ? { do: 'nothing' } : conflict('blocked');
  if (sameNode(base, ours)) return take(ours, theirs);
  if (theirs === undefined || ours === undefined) return conflict('changed-and-deleted');
  if (base === undefined) {
    // A directory's permission bits are no reason to refuse what both sides put into it: the target keeps its own.
    return ours.kind === 'directory' && theirs.kind === 'directory' ? { do: 'same' } : conflict('both-added');
  }
  if (base.kind !== ours.kind || base.kind !== theirs.kind) return conflict('both-changed');
  const mode = base.kind === 'symlink' ? theirs.mode : pick(base.mode, ours.mode, theirs.mode);
  if (mode === undefined) return conflict('both-changed');
  const content = pick(base.content, ours.content, theirs.content);
  if (content === undefined) {
    return merge && base.kind === 'file' ? { do: 'write', mode, content: 'merge' } : conflict('both-changed');
  }
  if (content !== ours.content) return { do: 'write', mode, content: 'theirs' };
  return mode === ours.mode ? { do: 'same' } : { do: 'chmod', mode };
}

/** The target is as the base was: it becomes what the context has. */
function take(ours: Node | undefined, theirs: Node | undefined): Verdict {
  if (theirs === undefined) return { do: 'remove' };
  const onlyMode = ours?.kind === theirs.kind && ours.content === theirs.content;
  return onlyMode ? { do: 'chmod', mode: theirs.mode } : { do: 'write', mode: theirs.mode, content: 'theirs' };
}

/**
 * How to bring a context's changes into a target. Pure.
 *
 * - A directory that the context deleted stays where the target holds anything in it that the context did not delete; only what it
 *   did delete goes. It is in the way (`blocked`) only when the context put a file or link in its place.
 * - Parents that the target lacks are made as the context has them. A parent that is a file or link in the target, and not by this plan
 *   replaced, is `blocked`.
 * - Changed bits on one side and changed content on the other combine.
 * - A new socket, pipe or device of the context is left out; one in place of something else is `blocked`.
 *
 * @param states every path that the context changed and every parent of one, once each, in any order. A path below a deleted or
 *   replaced directory is a path that the context changed, unless the caller left it out on purpose: then it is not touched.
 * @param merge files with content changed on both sides become steps with content `merge` instead of conflicts
 */
export function plan(states: readonly PathState[], merge: boolean): Plan {
  const ordered = [...states].sort((a, b) => (a.path < b.path ? -1 : 1));
  const conflicts = new Map<TreePath, ConflictReason>();
  const verdicts = new Map<TreePath, Verdict>();
  for (const state of ordered) {
    const verdict = judge(state, merge);
    verdicts.set(state.path, verdict);
    if (verdict.do === 'conflict') conflicts.set(state.path, verdict.reason);
  }
  const removals = planRemovals(ordered.toReversed(), verdicts, conflicts);
  const writes = planWrites(ordered, verdicts, conflicts);
  return {
    steps: [...inOrder(removals, writes, ordered)],
    conflicts: [...conflicts].map(([path, reason]) => ({ path, reason })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    same: ordered.filter(({ path }) => verdicts.get(path)?.do === 'same').length,
  };
}

/** Removals, deepest first: what is deleted, and what gives way to another kind. */
function planRemovals(
  deepestFirst: readonly PathState[],
  verdicts: ReadonlyMap<TreePath, Verdict>,
  conflicts: Map<TreePath, ConflictReason>,
): Step[] {
  const steps: Step[] = [];
  const removed = new Set<TreePath>();
  for (const { path, ours, theirs, names = [] } of deepestFirst) {
    const verdict = verdicts.get(path)?.do;
    if (ours === undefined || (verdict !== 'remove' && verdict !== 'write')) continue;
    const fromDirectory = ours.kind === 'directory';
    // A file or link takes the place of another in one move.
    if (verdict === 'write' && !fromDirectory && theirs?.kind !== 'directory') continue;
    const kept = names.map((name) => join(path, name)).filter((below) => !removed.has(below));
    if (fromDirectory && kept.length > 0) {
      if (verdict === 'write') for (const below of kept) if (!conflicts.has(below)) conflicts.set(below, 'blocked');
      continue;
    }
    removed.add(path);
    steps.push({ op: fromDirectory ? 'remove-directory' : 'remove', path });
  }
  return steps;
}

/** What is made, put and changed, parents first. */
function planWrites(
  ordered: readonly PathState[],
  verdicts: ReadonlyMap<TreePath, Verdict>,
  conflicts: Map<TreePath, ConflictReason>,
): Step[] {
  const byPath = new Map(ordered.map((state) => [state.path, state]));
  const steps = new Map<TreePath, Step>();
  const inTheWay = new Set<TreePath>();

  /** Whether `path` is, or by this plan becomes, a directory of the target. Parents come first, so their steps are known. */
  const holds = (path: TreePath): boolean => {
    if (path === '' || steps.get(path)?.op === 'make-directory') return true;
    const state = byPath.get(path);
    if (state?.ours !== undefined) return state.ours.kind === 'directory' && state.theirs?.kind === 'directory';
    if (state?.theirs?.kind !== 'directory' || conflicts.has(path) || !holds(parentOf(path))) return false;
    steps.set(path, { op: 'make-directory', path, mode: state.theirs.mode });
    return true;
  };

  for (const { path, ours, theirs } of ordered) {
    const verdict = verdicts.get(path);
    const parent = parentOf(path);
    const wanted = verdict?.do === 'write' || verdict?.do === 'chmod' || verdict?.do === 'conflict';
    if (!wanted || theirs === undefined) continue;
    if (!holds(parent)) {
      // What stands in the way is named once, at the topmost path that it concerns.
      if (conflicts.has(parent) || inTheWay.has(parent)) conflicts.delete(path);
      else conflicts.set(path, 'blocked');
      inTheWay.add(path);
    } else if (verdict.do === 'chmod') {
      steps.set(path, { op: 'chmod', path, mode: verdict.mode });
    } else if (verdict.do === 'write' && theirs.kind === 'directory') {
      steps.set(path, { op: 'make-directory', path, mode: verdict.mode });
    } else if (verdict.do === 'write') {
      const replaces = ours !== undefined && ours.kind !== 'directory';
      steps.set(path, { op: 'put', path, mode: verdict.mode, content: verdict.content, replaces });
    }
  }
  return [...steps.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A directory that opens for its owner does so before all else, one that closes does so after all else, the deepest first. */
function* inOrder(removals: readonly Step[], writes: readonly Step[], states: readonly PathState[]): Generator<Step> {
  const directories = new Set(states.filter(({ ours }) => ours?.kind === 'directory').map(({ path }) => path));
  const opens = (step: Step): boolean =>
    step.op === 'chmod' && directories.has(step.path) && (step.mode & 0o300) === 0o300;
  const closes = (step: Step): boolean => step.op === 'chmod' && directories.has(step.path) && !opens(step);
  yield* writes.filter(opens);
  yield* removals;
  yield* writes.filter((step) => !opens(step) && !closes(step));
  yield* writes.filter(closes).toReversed();
}
