import type { Style } from './style.js';

export interface Column<T> {
  readonly title: string;
  readonly right?: boolean;
  readonly text: (row: T) => string;
  readonly paint?: (row: T, text: string) => string;
}

const gap = '  ';

/** Columns as wide as their widest cell, titles above; nothing follows the last cell of a line. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], style: Style): string {
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => [...(line[index] ?? '')].length)),
  );
  const pad = (text: string, index: number): string => {
    const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - [...text].length));
    return columns[index]?.right === true ? space + text : text + space;
  };
  const titles = columns.map((column, index) => pad(column.title, index)).join(gap);
  const lines = rows.map((row, at) =>
    columns
      .map((column, index) => {
        const text = cells[at]?.[index] ?? '';
        const painted = column.paint?.(row, text) ?? text;
        return pad(text, index).replace(text, () => painted);
      })
      .join(gap)
      .trimEnd(),
  );
  return `${[style.dim(titles.trimEnd()), ...lines].join('\n')}\n`;
}

/** Label and value a line, values aligned; a value of several lines is indented. */
export function labelled(pairs: readonly (readonly [label: string, value: string])[], style: Style): string {
  const width = Math.max(...pairs.map(([label]) => label.length));
  const indent = `\n${' '.repeat(width)}${gap}`;
  return pairs
    .map(([label, value]) => `${style.dim(label.padEnd(width))}${gap}${value.replaceAll('\n', indent)}\n`)
    .join('');
}
