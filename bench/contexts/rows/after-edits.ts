import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atMost } from '../../measurement.js';
import type { ContextBench, ContextRow } from '../bench.js';
import { mzrTimed } from '../mizer.js';
import { trackedPath } from '../repository.js';
import { median } from '../../statistics.js';
import { run } from '../world.js';

/** What ten edited files in the host view add to a run while the watcher is trusted. */
export const afterEdits: ContextRow = {
  id: 'after-edits',
  measure(bench) {
    const unchanged: number[] = [];
    const edited: number[] = [];
    mzrTimed(bench, 'run', '--', 'true');
    for (let turn = 0; turn < 9; turn += 1) {
      edit(bench, turn);
      edited.push(mzrTimed(bench, 'run', '--', 'true'));
      unchanged.push(mzrTimed(bench, 'run', '--', 'true'));
    }
    run(bench.world, bench.repository, ['git', 'checkout', '--quiet', '.']);
    const extra = median(edited) - median(unchanged);
    return [
      atMost({ row: this.id, what: 'ten edited files, watched: added to a run', measured: extra, unit: 'ms' }, 20),
    ];
  },
};

function edit(bench: ContextBench, turn: number): void {
  for (let n = 0; n < 10; n += 1) {
    const index = Math.floor((n * bench.size.tracked) / 10) + turn;
    writeFileSync(join(bench.repository, trackedPath(index)), `int edited_${turn}_${n};\n`);
  }
}
