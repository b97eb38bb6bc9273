import type { Change, Side } from '../model/change-set.js';
import type { Entry } from '../model/entry.js';
import type { Step } from '../model/three-way.js';
import type { TreePath } from '../model/tree-path.js';
import type { Sources } from './apply-stage.js';

/** What the steps change in the target, by path bytes: one change a path, though one that changes its kind takes two steps. */
export function writtenBy(steps: readonly Step[], { theirs, merged, found }: Sources): Change[] {
  const changes = new Map<TreePath, Change>();
  for (const step of steps) {
    const { path } = step;
    const before = sideOf(found.get(path));
    const after = sideAfter(step, theirs.get(path)?.entry, merged.get(path)?.length, before);
    changes.set(path, { path, kind: kindOf(step, before, after), before, after });
  }
  return [...changes.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function sideOf(entry: Entry | undefined): Side | undefined {
  return entry && { kind: entry.kind, mode: entry.mode, size: entry.size };
}

function sideAfter(
  step: Step,
  theirs: Entry | undefined,
  mergedSize: number | undefined,
  before: Side | undefined,
): Side | undefined {
  if (step.op === 'make-directory') return { kind: 'directory', mode: step.mode, size: 0 };
  if (step.op === 'chmod') return before && { ...before, mode: step.mode };
  if (step.op === 'put' && theirs !== undefined)
    return { kind: theirs.kind, mode: step.mode, size: mergedSize ?? theirs.size };
  return undefined;
}

function kindOf(step: Step, before: Side | undefined, after: Side | undefined): Change['kind'] {
  if (after === undefined) return 'deleted';
  if (before === undefined) return 'added';
  if (before.kind !== after.kind) return 'retyped';
  return step.op === 'chmod' ? 'mode' : 'modified';
}
