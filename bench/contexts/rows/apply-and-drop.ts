import { atMost, forComparison } from '../../measurement.js';
import type { ContextRow } from '../bench.js';
import { mzrRun, mzrTimed } from '../mizer.js';
import { median } from '../../statistics.js';
import { run } from '../world.js';

/** Bringing 1,000 changed files into the host view, and dropping the context they came from. */
export const applyAndDrop: ContextRow = {
  id: 'apply-and-drop',
  measure(bench) {
    const applied: number[] = [];
    const dropped: number[] = [];
    const archived: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const edit = `git ls-files src | head -n 1000 | xargs sed -i '1s/^/\\/* ${turn} *\\/ /'`;
      mzrRun(bench, 'run', '--keep=thousand', '--', 'sh', '-c', edit);
      applied.push(mzrTimed(bench, 'apply', 'thousand'));
      archived.push(mzrTimed(bench, 'drop', '--force', 'thousand'));
      run(bench.world, bench.repository, ['git', 'checkout', '--quiet', '.']);
      const build = 'find build -type f | head -n 1000 | xargs touch';
      mzrRun(bench, 'run', '--keep=built', '--', 'sh', '-c', build);
      dropped.push(mzrTimed(bench, 'drop', 'built'));
    }
    return [
      atMost({ row: this.id, what: 'mzr apply of 1,000 files', measured: median(applied), unit: 'ms' }, 300),
      atMost({ row: this.id, what: 'mzr drop, until the prompt', measured: median(dropped), unit: 'ms' }, 50),
      forComparison({
        row: this.id,
        what: 'mzr drop --force of 1,000 changed files, archived first',
        measured: median(archived),
        unit: 'ms',
      }),
    ];
  },
};
