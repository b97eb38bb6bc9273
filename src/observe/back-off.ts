const dayMs = 86_400_000;

/**
 * How long to let something alone that has failed: as long as the pause between rounds after the first failure, twice as long after each
 * further one, a day at most. In milliseconds.
 * @param failures in a row, at least 1
 */
export function backOffMs(failures: number, everyMs: number): number {
  return Math.min(Math.max(dayMs, everyMs), everyMs * 2 ** Math.min(failures - 1, 40));
}
