import { atMostTimes } from '../../measurement.js';
import type { ContextRow } from '../bench.js';
import { mzr } from '../mizer.js';
import { median } from '../../statistics.js';
import { timedAtOnce } from '../world.js';

/** `mzr list` with the daemon up, held against the bare start of Node. */
export const listing: ContextRow = {
  id: 'listing',
  measure(bench) {
    // By turns: the machine's own speed changes from one moment to the next.
    const list: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn < 24; turn += 1) {
      list.push(timedAtOnce(bench.world, bench.repository, mzr('list')));
      bare.push(timedAtOnce(bench.world, bench.repository, [process.execPath, '-e', '0']));
    }
    const figure = { row: this.id, what: 'mzr list', measured: median(list.slice(3)), unit: 'ms' } as const;
    return [atMostTimes(figure, [{ what: 'node -e 0', value: median(bare.slice(3)), limit: 1.6 }])];
  },
};
