import { atMostTimes, type Row } from '../measurement.js';
import { mzrTimed } from '../mizer.js';
import { medianOf, timed } from '../world.js';

/** `mzr list` with the daemon up, held against the bare start of Node. */
export const listing: Row = {
  id: 'listing',
  measure(bench) {
    const list = medianOf(21, () => mzrTimed(bench, 'list'), 3);
    const bare = medianOf(21, () => timed(bench.world, bench.repository, [process.execPath, '-e', '0']), 3);
    const figure = { row: this.id, what: 'mzr list', measured: list, unit: 'ms' } as const;
    return [atMostTimes(figure, { what: 'node -e 0', value: bare }, 1.6)];
  },
};
