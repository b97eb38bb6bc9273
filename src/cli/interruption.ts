/** As a shell shows a program that the signal ended. */
const statuses = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Does work that can be told to end: SIGINT and SIGTERM abort `signal`. A second one ends the process as it does any.
 * @returns what `work` answers, or, when it failed after a signal, the exit status of that
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  let given: keyof typeof statuses | undefined;
  const onInterrupt = (): void => {
    given = 'SIGINT';
    stop.abort();
  };
  const onTerminate = (): void => {
    given = 'SIGTERM';
    stop.abort();
  };
  process.once('SIGINT', onInterrupt).once('SIGTERM', onTerminate);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (given === undefined) throw error;
    return statuses[given];
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
  }
}
