import { bubblewrapEntry, worktreeAddAndRemove } from '../competitors.js';
import { atMost, atMostTimes, forComparison } from '../../measurement.js';
import type { ContextRow } from '../bench.js';
import { mzrTimed, opened } from '../mizer.js';
import { median, medianOf } from '../../statistics.js';

/** `mzr run -- true` with the daemon up and the tree unchanged, and the daemon's share of it. */
export const oneRun: ContextRow = {
  id: 'one-run',
  async measure(bench) {
    const { world, repository } = bench;
    const run = medianOf(15, () => mzrTimed(bench, 'run', '--', 'true'), 3);
    const shares: number[] = [];
    for (let turn = 0; turn < 18; turn += 1) shares.push(...(await opened(bench, [undefined])));
    const figure = { row: this.id, what: 'mzr run -- true', measured: run, unit: 'ms' } as const;
    const share = { row: this.id, what: "the daemon's share", measured: median(shares.slice(3)), unit: 'ms' } as const;
    const bubblewrap = bubblewrapEntry(world, repository);
    const worktree = medianOf(3, () => worktreeAddAndRemove(world, repository));
    return [
      atMostTimes(figure, [{ what: 'git worktree add + remove', value: worktree, limit: 1 / 30, shown: '1/30' }]),
      atMost(figure, 100),
      atMost(share, 10),
      ...(bubblewrap === undefined
        ? []
        : [
            forComparison({
              row: this.id,
              what: 'bwrap --bind … true (entry alone, nothing forked)',
              measured: medianOf(9, () => bubblewrapEntry(world, repository) ?? Number.NaN),
              unit: 'ms',
            }),
          ]),
    ];
  },
};
