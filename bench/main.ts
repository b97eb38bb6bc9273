import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Capability } from './capability.js';
import { claim } from './claim.js';
import { contexts } from './contexts/capability.js';
import { live } from './live/capability.js';
import { observe } from './observe/capability.js';
import { machineFacts } from './machine.js';
import type { Measurement } from './measurement.js';
import { table } from './report.js';
import { keep } from './results.js';

const capabilities: readonly Capability[] = [contexts, live, observe];

/** `npm run bench CAPABILITY [-- [--only ROW]… [--small]]`: measures, prints the table, and at full size keeps the results. */
async function main(): Promise<number> {
  const { only, small, positionals } = wanted();
  const capability = capabilities.find(({ id }) => id === positionals.join());
  if (capability === undefined || !only.every((id) => capability.rows.includes(id))) {
    process.stderr.write(usage);
    return 2;
  }
  const directory = join(tmpdir(), `mizer-bench-${process.getuid?.()}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  claim(join(directory, 'claimed'));
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  const stage = capability.prepare({ directory, small, tell });
  const measurements: Measurement[] = [];
  try {
    for (const row of capability.rows.filter((id) => only.length === 0 || only.includes(id))) {
      tell(`measuring: ${row}`);
      const measured = await stage.measure(row);
      measurements.push(...measured);
      if (!small) keep(capability, stage, machineFacts(directory), row, measured);
    }
  } finally {
    stage.end();
  }
  process.stdout.write(`${table(measurements)}\n`);
  return measurements.every((line) => line.met !== false) ? 0 : 1;
}

function wanted(): { only: string[]; small: boolean; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { only: { type: 'string', multiple: true }, small: { type: 'boolean', default: false } },
    });
    return { only: values.only ?? [], small: values.small, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return { only: [], small: false, positionals: [] };
  }
}

const usage = [
  'Usage: npm run bench CAPABILITY [-- [--small] [--only ROW]…]',
  ...capabilities.map(({ id, rows }) => `  ${id}: ${rows.join(', ')}`),
  '',
].join('\n');

process.exitCode = await main();
