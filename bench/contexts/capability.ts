import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Capability, Circumstances, Stage } from '../capability.js';
import type { ContextBench, ContextRow } from './bench.js';
import { stopDaemon } from './mizer.js';
import { fullSize, prepareRepository, smallSize, warm } from './repository.js';
import { afterEdits } from './rows/after-edits.js';
import { applyAndDrop } from './rows/apply-and-drop.js';
import { firstSnapshot } from './rows/first-snapshot.js';
import { listing } from './rows/listing.js';
import { memory } from './rows/memory.js';
import { oneRun } from './rows/one-run.js';
import { perContext } from './rows/per-context.js';
import { tenContexts } from './rows/ten-contexts.js';
import { throughput } from './rows/throughput.js';
import { asideOf, makeWorld } from './world.js';

/** The speed table of the design, in the order in which it is measured: what removes a hundred thousand files comes last. */
const rows: readonly ContextRow[] = [
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

/** Many working trees at one path. */
export const contexts: Capability = { id: 'contexts', rows: rows.map(({ id }) => id), prepare };

function prepare({ directory, small, tell }: Circumstances): Stage {
  const size = small ? smallSize : fullSize;
  const world = makeWorld(join(directory, 'world'));
  const repository = join(directory, `repository-${size.tracked}`);
  prepareRepository(world, repository, size, tell);
  const bench: ContextBench = { world, repository, size, tell };
  return {
    facts: { repository: size },
    measure(id) {
      warm(world, repository);
      return rows.find((row) => row.id === id)?.measure(bench) ?? [];
    },
    end() {
      stopDaemon(bench);
      tell('removing what was copied');
      rmSync(asideOf(world), { recursive: true, force: true });
    },
  };
}
