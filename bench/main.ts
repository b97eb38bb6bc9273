import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { claim } from './claim.js';
import { machineFacts } from './machine.js';
import type { Bench, Measurement } from './measurement.js';
import { fullSize, prepareRepository, smallSize, warm } from './repository.js';
import { table } from './report.js';
import { contextRows } from './rows.js';
import { asideOf, makeWorld } from './world.js';
import { stopDaemon } from './mizer.js';

const results = fileURLToPath(new URL('../../bench/results/contexts.json', import.meta.url));

/** `npm run bench contexts [--only ROW]… [--small]`: measures, prints the table, and at full size writes the results. */
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
      warm(world, repository);
      const measured = await row.measure(bench);
      measurements.push(...measured);
      if (!values.small) keep(bench, row.id, measured);
    }
  } finally {
    stopDaemon(bench);
    tell('removing what was copied');
    rmSync(asideOf(world), { recursive: true, force: true });
  }
  process.stdout.write(`${table(measurements)}\n`);
  return measurements.every((line) => line.met !== false) ? 0 : 1;
}

/** Puts what a row has measured in place of what the results had of it, so that a row can be measured again by itself. */
function keep(bench: Bench, id: string, measured: readonly Measurement[]): void {
  const before: readonly Measurement[] = existsSync(results)
    ? (JSON.parse(readFileSync(results, 'utf8')) as { measurements: Measurement[] }).measurements
    : [];
  const order = contextRows.map((row) => row.id);
  const measurements = [...before.filter(({ row }) => row !== id), ...measured].sort(
    (a, b) => order.indexOf(a.row) - order.indexOf(b.row),
  );
  const machine = machineFacts(bench.repository);
  mkdirSync(join(results, '..'), { recursive: true });
  writeFileSync(results, `${JSON.stringify({ machine, repository: bench.size, measurements }, null, 2)}\n`);
}

process.exitCode = await main();
