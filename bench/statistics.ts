/** The middle of `values`; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const high = sorted[Math.floor(half)] ?? Number.NaN;
  return Number.isInteger(half) ? ((sorted[half - 1] ?? Number.NaN) + high) / 2 : high;
}

/** The least of `values` that `share` of them do not exceed; 0.99: the 99th percentile. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? Number.NaN;
}

/** The median of `times` results of `once`, after `warm` that do not count. */
export function medianOf(times: number, once: () => number, warm = 1): number {
  for (let turn = 0; turn < warm; turn += 1) once();
  return median(Array.from({ length: times }, once));
}
