import type { Row } from './measurement.js';
import { firstSnapshot } from './rows/first-snapshot.js';
import { memory } from './rows/memory.js';
import { oneRun } from './rows/one-run.js';
import { perContext } from './rows/per-context.js';
import { tenContexts } from './rows/ten-contexts.js';
import { throughput } from './rows/throughput.js';
import { afterEdits } from './rows/after-edits.js';
import { applyAndDrop } from './rows/apply-and-drop.js';
import { listing } from './rows/listing.js';

/** The speed table of the design, in the order in which it is measured: what removes a hundred thousand files comes last. */
export const contextRows: readonly Row[] = [
  afterEdits,
  perContext,
  applyAndDrop,
  tenContexts,
  listing,
  memory,
  throughput,
  firstSnapshot,
  oneRun,
];
