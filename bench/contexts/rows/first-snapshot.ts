import { canReflink, copyAll } from '../competitors.js';
import { atMostTimes, forComparison } from '../../measurement.js';
import type { ContextRow } from '../bench.js';
import { freshStart, mzrTimed } from '../mizer.js';
import { warm } from '../repository.js';
import { median } from '../../statistics.js';

/** The first snapshot ever: everything is copied once, held against `cp -a` of the same tree. */
export const firstSnapshot: ContextRow = {
  id: 'first-snapshot',
  measure(bench) {
    const { world, repository } = bench;
    const copies: number[] = [];
    const snapshots: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      warm(world, repository);
      copies.push(copyAll(world, repository, 'never'));
      freshStart(bench);
      warm(world, repository);
      snapshots.push(mzrTimed(bench, 'snapshot'));
    }
    const copy = { what: 'cp -a', value: median(copies) };
    const figure = { row: this.id, what: 'first snapshot ever', measured: median(snapshots), unit: 'ms' } as const;
    const reflink = canReflink(world, repository)
      ? [
          forComparison({
            row: this.id,
            what: 'cp -a --reflink=always',
            measured: copyAll(world, repository, 'always'),
            unit: 'ms',
          }),
        ]
      : [];
    return [atMostTimes(figure, [{ ...copy, limit: 1.3 }]), ...reflink];
  },
};
