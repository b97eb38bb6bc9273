import type { Edits } from './engine.js';
import { applyEdits } from './edits.js';

/** Lines of one's own that found no place, because they changed otherwise as well. */
export interface RebaseConflict {
  /** In the text now, before the edits. */
  readonly at: number;
  /** The lines before both changes, and as one had them. */
  readonly before: string;
  readonly ours: string;
}

export interface Rebased {
  /** Upon the text now. */
  readonly edits: Edits;
  readonly conflicts: readonly RebaseConflict[];
}

/** Carries edits upon `before` over to `now`. */
export function rebase(edits: Edits, before: string, now: string): Rebased {
  if (before === now) return { edits, conflicts: [] };
  return { edits: [], conflicts: [{ at: 0, before, ours: applyEdits(before, edits) }] };
}
