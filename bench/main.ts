import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { claim } from './claim.js';
import { machineFacts } from './machine.js';
import type { Bench, Measurement } from './measurement.js';
import { fullSize, prepareRepository, smallSize } from './repository.js';
import { table } from './report.js';
import { contextRows } from './rows.js';
import { makeWorld } from './world.js';
import { stopDaemon } from './mizer.js';

const results = fileURLToPath(new URL('../../bench/results/contexts.json', import.meta.url));

/** `npm run bench contexts [--only ROW]… [--small]`: measures, prints the table, and after a full run writes the results. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', multiple: true }, small: { type: 'boolean', default: false } },
  });
  const only = values.only ?? [];
  const unknown = only.filter((id) => !contextRows.some((row) => row.id === id));
  if (positionals.join() !== 'contexts' || unknown.length > 0) {
    const ids = contextRows.map((row) => row.id).join(', ');
    process.stderr.write(`Usage: npm run bench contexts -- [--small] [--only ROW]…\nRows: ${ids}\n`);
    return 2;
  }
  const size = values.small ? smallSize : fullSize;
  const directory = join(tmpdir(), `mizer-bench-${process.getuid?.()}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  claim(join(directory, 'claimed'));
  const world = makeWorld(join(directory, 'world'));
  const repository = join(directory, `repository-${size.tracked}`);
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  prepareRepository(world, repository, size, tell);
  const bench: Bench = { world, repository, size, tell };

  const measurements: Measurement[] = [];
  try {
    for (const row of contextRows.filter(({ id }) => only.length === 0 || only.includes(id))) {
      tell(`measuring: ${row.id}`);
      measurements.push(...(await row.measure(bench)));
    }
  } finally {
    stopDaemon(bench);
  }
  process.stdout.write(`${table(measurements)}\n`);
  if (only.length === 0 && !values.small) {
    mkdirSync(join(results, '..'), { recursive: true });
    const machine = machineFacts(repository);
    writeFileSync(results, `${JSON.stringify({ machine, repository: size, measurements }, null, 2)}\n`);
    tell('written: bench/results/contexts.json');
  }
  return measurements.every((line) => line.met !== false) ? 0 : 1;
}

process.exitCode = await main();
