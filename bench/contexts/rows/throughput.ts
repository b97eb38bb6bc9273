import { join } from 'node:path';
import { canCompile, generateCProject } from '../c-project.js';
import { atLeastTimes } from '../../measurement.js';
import type { ContextBench, ContextRow } from '../bench.js';
import { mzr } from '../mizer.js';
import { median } from '../../statistics.js';
import { run } from '../world.js';

const units = 200;

/** Prints the milliseconds of a whole build, from nothing. */
const build = [
  'sh',
  '-ec',
  'rm -rf build; a=$(date +%s%N); make -s -j2 >/dev/null; b=$(date +%s%N); echo $(((b-a)/1000000))',
];

/** A real compile of many files inside a context, held against the same in the host view, by turns. */
export const throughput: ContextRow = {
  id: 'throughput',
  measure(bench: ContextBench) {
    const { world } = bench;
    if (!canCompile(world)) {
      bench.tell('throughput: left out, make and cc are needed');
      return [];
    }
    const project = join(world.directory, 'project');
    generateCProject(world, project, units);
    run(world, project, build);
    const host: number[] = [];
    const inside: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      host.push(Number(run(world, project, build)));
      inside.push(Number(run(world, project, mzr('run', '--', ...build))));
    }
    const figure = {
      row: this.id,
      what: `compiling ${units} files inside`,
      measured: median(inside),
      unit: 'ms',
    } as const;
    return [atLeastTimes(figure, { what: 'in the host view', value: median(host) }, 0.9)];
  },
};
