import { memoryOf } from '../../machine.js';
import { atMost } from '../../measurement.js';
import type { ContextRow } from '../bench.js';
import { daemonStatus, mzr, mzrRun, mzrTimed } from '../mizer.js';
import { spawnIn } from '../world.js';

const count = 50;

/** The memory of the daemon and the holder while 50 contexts are open, each with a process in it. */
export const memory: ContextRow = {
  id: 'memory',
  async measure(bench) {
    mzrTimed(bench, 'run', '--', 'true');
    const names = Array.from({ length: count }, (_, n) => `open${n}`);
    const sleepers = names.map((name) => {
      mzrRun(bench, 'run', `--keep=${name}`, '--', 'true');
      return spawnIn(bench.world, bench.repository, mzr('exec', name, '--', 'sleep', '600'));
    });
    await waitFor(() => daemonStatus(bench).mounts >= count);
    const { pid, holder } = daemonStatus(bench);
    const megabytes = memoryOf([pid, ...(holder === undefined ? [] : [holder])]);
    for (const sleeper of sleepers) sleeper.kill();
    await Promise.all(sleepers.map((sleeper) => sleeper.ended));
    mzrRun(bench, 'drop', '--force', ...names);
    const figure = {
      row: this.id,
      what: 'daemon and holder with 50 contexts open',
      measured: megabytes,
      unit: 'MB',
    } as const;
    return [atMost(figure, 150)];
  },
};

async function waitFor(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The contexts did not open within ten seconds.');
}
