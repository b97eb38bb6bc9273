import type { Measurement } from './measurement.js';

/** Three digits that mean something. */
function rounded(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
}

const columns = ['row', 'what', 'measured', 'against', 'target', 'met'] as const;

/** The measurements as a table for a terminal or a text file. */
export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map(cells);
  const all = [Object.fromEntries(columns.map((column) => [column, column])) as Cells, ...rows];
  const widths = columns.map((column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      columns
        .map((column, n) => row[column].padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

type Cells = Record<(typeof columns)[number], string>;

function cells(line: Measurement): Cells {
  const against = (line.against ?? []).map(
    ({ what, value, ratio }) => `${rounded(ratio)} × ${what} (${rounded(value)} ${line.unit})`,
  );
  return {
    row: line.row,
    what: line.what,
    measured: `${rounded(line.measured)} ${line.unit}`,
    against: against.join(', '),
    target: line.target ?? '',
    met: line.met === undefined ? '' : line.met ? 'yes' : 'NO',
  };
}
