import { atMost, atMostTimes } from '../../measurement.js';
import type { ContextBench, ContextRow } from '../bench.js';
import { mzr, mzrRun, mzrTimed } from '../mizer.js';
import { median } from '../../statistics.js';
import { run } from '../world.js';

/** Prints the milliseconds that a first `git status` takes; its own cost is that of two `date`. */
const timedStatus = ['sh', '-c', 'a=$(date +%s%N); git status >/dev/null; b=$(date +%s%N); echo $(((b-a)/1000))'];

/** What one new context takes on disk, and how quick its first `git status` is. */
export const perContext: ContextRow = {
  id: 'per-context',
  measure(bench) {
    const { world, repository } = bench;
    mzrTimed(bench, 'run', '--', 'true');
    const host: number[] = [];
    const inside: number[] = [];
    run(world, repository, timedStatus);
    for (let turn = 0; turn < 7; turn += 1) {
      host.push(Number(run(world, repository, timedStatus)) / 1000);
      inside.push(Number(run(world, repository, mzr('run', '--', ...timedStatus))) / 1000);
    }
    const status = {
      row: this.id,
      what: 'first git status in a new context',
      measured: median(inside),
      unit: 'ms',
    } as const;
    const warm = { what: 'warm git status in the host view', value: median(host) };
    const disk = { row: this.id, what: 'disk taken by a new context', measured: diskOfOne(bench), unit: 'KB' } as const;
    return [atMost(disk, 200), atMostTimes(status, [{ ...warm, limit: 0.7 }])];
  },
};

/** Kilobytes of a new context's own; of what it shares by hard links `du` counts each file once, at the first place it is named. */
function diskOfOne(bench: ContextBench): number {
  mzrRun(bench, 'run', '--keep=measured', '--', 'true');
  const places = ['.git/mizer/index', '.git/mizer/contexts/measured', '.git/worktrees/mizer-measured'];
  // overlayfs keeps a directory of its own that its owner may not read, for which du ends with 1.
  const printed = run(bench.world, bench.repository, ['sh', '-c', 'du -sk "$@" 2>/dev/null; true', 'du', ...places]);
  mzrRun(bench, 'drop', '--force', 'measured');
  const kilobytes = printed.split('\n').map((line) => Number(line.split('\t')[0]));
  return (kilobytes[1] ?? 0) + (kilobytes[2] ?? 0);
}
