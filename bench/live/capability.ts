import type { Capability } from '../capability.js';
import type { LiveRow } from './bench.js';
import { historiesAtHand } from './histories/recorded.js';
import { sequential, threeAuthors, twoAuthors } from './rows/histories.js';
import { keystroke, wire } from './rows/keystroke.js';
import { versions } from './versions.js';

const rows: readonly LiveRow[] = [keystroke, wire, sequential, twoAuthors, threeAuthors];

/** One uncommitted tree in many places. */
export const live: Capability = {
  id: 'live',
  rows: rows.map(({ id }) => id),
  prepare: ({ small, tell }) => ({
    facts: { versions: versions(), histories: historiesAtHand() },
    measure: (id) => rows.find((row) => row.id === id)?.measure({ small, tell }) ?? [],
    end: () => {},
  }),
};
