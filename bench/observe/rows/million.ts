import { rmSync, utimesSync } from 'node:fs';
import { atMost } from '../../measurement.js';
import { medianOf } from '../../statistics.js';
import type { ObserveRow } from '../bench.js';
import { Observed } from '../observed.js';

/** A million files, looked at once, and what is asked afterwards. */
export const million: ObserveRow = {
  id: 'million',
  async measure({ memory, small, tell }) {
    const files = small ? 20_000 : 1_000_000;
    const count = files.toLocaleString('en');
    tell(`million: writing ${count} files`);
    const tree = new Observed(memory, files);
    try {
      tell('million: first stat');
      const first = await tree.mzrWithMemory('stat', tree.real);
      const list = medianOf(7, () => tree.mzr('ls', '--depth', '1', '--sort', 'size', tree.real));
      for (let n = 0; n < 100; n += 1) utimesSync(tree.path(n * (files / 100)), 1e9, 1e9);
      tree.mzr('stat', tree.real);
      const growth = medianOf(7, () => tree.mzr('growth', '--since', 'master-stat~1', tree.real));
      return [
        atMost({ row: this.id, what: `first stat, ${count} files`, measured: first.took, unit: 'ms' }, 30_000),
        atMost({ row: this.id, what: 'resident memory of it', measured: first.megabytes, unit: 'MB' }, 400),
        atMost({ row: this.id, what: 'ls --depth 1 --sort size on that', measured: list, unit: 'ms' }, 300),
        atMost({ row: this.id, what: 'growth, 100 files changed', measured: growth, unit: 'ms' }, 300),
      ];
    } finally {
      rmSync(tree.real, { recursive: true });
      rmSync(tree.shadows, { recursive: true });
    }
  },
};
