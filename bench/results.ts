import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Capability, Stage } from './capability.js';
import type { Machine } from './machine.js';
import type { Measurement } from './measurement.js';

/** Puts what a row has measured in place of what the results had of it, so that a row can be measured again by itself. */
export function keep(
  capability: Capability,
  { facts }: Stage,
  machine: Machine,
  row: string,
  measured: readonly Measurement[],
): void {
  const file = fileURLToPath(new URL(`../../bench/results/${capability.id}.json`, import.meta.url));
  const before: readonly Measurement[] = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { measurements: Measurement[] }).measurements
    : [];
  const { rows } = capability;
  const measurements = [...before.filter((line) => line.row !== row && rows.includes(line.row)), ...measured].sort(
    (a, b) => rows.indexOf(a.row) - rows.indexOf(b.row),
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine, ...facts, measurements }, null, 2)}\n`);
}
