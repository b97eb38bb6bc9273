import { spawnSync } from 'node:child_process';
import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, forComparison, type Measurement } from '../../measurement.js';
import { median, medianOf } from '../../statistics.js';
import type { ObserveRow } from '../bench.js';
import { Observed } from '../observed.js';

/** A stat of a hundred thousand files: the first, one without a change, one after a hundred changes; and what it takes on the disk. */
export const stat: ObserveRow = {
  id: 'stat',
  measure({ place, small, tell }) {
    const files = small ? 10_000 : 100_000;
    const count = files.toLocaleString('en');
    tell(`stat: writing ${count} files`);
    const firsts: number[] = [];
    const tree = new Observed(place, files);
    for (let turn = 0; turn < 3; turn += 1) {
      rmSync(tree.shadows, { recursive: true });
      tree.mzr('init', tree.real);
      firsts.push(tree.mzr('stat', tree.real));
    }
    const bytes = tree.repositoryBytes();
    const find = medianOf(5, () => tree.find());
    const unchanged = medianOf(5, () => tree.mzr('stat', tree.real));
    const touched: number[] = [];
    for (let turn = 1; turn <= 5; turn += 1) {
      for (let n = 0; n < 100; n += 1) utimesSync(tree.path(n * (files / 100)), 1e9, 1e9 + turn);
      touched.push(tree.mzr('stat', tree.real));
    }
    const milliseconds = { row: this.id, unit: 'ms' } as const;
    const rival = { what: 'find', value: find };
    return [
      atMost(
        { ...milliseconds, what: `first stat, ${count} files`, measured: median(firsts) },
        round(4 * find + 1500),
        [rival],
      ),
      atMost({ ...milliseconds, what: `stat without a change, ${count} files`, measured: unchanged }, round(3 * find), [
        rival,
      ]),
      atMost(
        { ...milliseconds, what: 'stat after touching 100 of them', measured: median(touched) },
        round(unchanged + 300),
        [{ what: 'without a change', value: unchanged }],
      ),
      atMost({ row: this.id, what: 'repository, a file', measured: bytes / files, unit: 'B' }, 100),
      ...others(tree, milliseconds.row),
    ];
  },
};

function round(value: number): number {
  return Math.round(value);
}

/** Programs that look at a tree as well, where they are installed. None of them keeps what was. */
function others(tree: Observed, row: string): Measurement[] {
  const programs: readonly (readonly [string, ...string[]])[] = [
    ['du', '-s', tree.real],
    ['duc', 'index', '-d', join(tree.shadows, 'duc.db'), tree.real],
    ['gdu', '-n', tree.real],
    ['ncdu', '-0xo', '/dev/null', tree.real],
  ];
  return programs
    .filter(([program]) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0)
    .map(([program, ...args]) =>
      forComparison({ row, what: program, measured: medianOf(3, () => tree.timed(program, ...args)), unit: 'ms' }),
    );
}
