import { atMost } from '../../measurement.js';
import type { ContextRow } from '../bench.js';
import { mzrTimed, mzrRun, opened } from '../mizer.js';
import { median } from '../../statistics.js';

/** Ten contexts made and ready to be entered, asked for by one client that is already connected. */
export const tenContexts: ContextRow = {
  id: 'ten-contexts',
  async measure(bench) {
    mzrTimed(bench, 'run', '--', 'true');
    const names = Array.from({ length: 10 }, (_, n) => `ten${n}`);
    const times: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const each = await opened(bench, names);
      times.push(each.reduce((sum, ms) => sum + ms, 0));
      mzrRun(bench, 'drop', '--force', ...names);
    }
    const figure = {
      row: this.id,
      what: '10 contexts made and ready',
      measured: median(times.slice(1)),
      unit: 'ms',
    } as const;
    return [atMost(figure, 100)];
  },
};
