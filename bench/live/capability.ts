import type { Capability } from '../capability.js';
import type { LiveRow } from './bench.js';
import { historiesAtHand } from './histories/recorded.js';
import { browser } from './rows/browser.js';
import { create } from './rows/create.js';
import { sequential, threeAuthors, twoAuthors } from './rows/histories.js';
import { join } from './rows/join.js';
import { keystroke, wire } from './rows/keystroke.js';
import { tree } from './rows/tree.js';
import { versions } from './versions.js';

const rows: readonly LiveRow[] = [create, tree, keystroke, wire, sequential, twoAuthors, threeAuthors, join, browser];

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
