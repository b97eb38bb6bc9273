import { parentPort } from 'node:worker_threads';
import { answerWith } from '../disk/background.js';
import { attend, type Attended, type Task } from './attend.js';
import { keptError, type KeptError } from './kept-error.js';

/** What a worker and who waits for it share: entries looked at and expected so far, and whether to stop. */
export interface AttendSignals {
  readonly progress: Float64Array;
  readonly stop: Int32Array;
}

export interface AttendQuestion {
  readonly task: Task;
  readonly signals: AttendSignals;
}

export type AttendReply = { readonly done: Attended } | { readonly failed: KeptError };

const tickMs = 50;

answerWith<AttendQuestion>(parentPort, async ({ task, signals }) => {
  const stop = new AbortController();
  const tick = setInterval(() => {
    if (Atomics.load(signals.stop, 0) !== 0) stop.abort();
  }, tickMs);
  const reply = (value: AttendReply): { readonly value: AttendReply } => ({ value });
  try {
    const onProgress = ({ entries, expected }: { readonly entries: number; readonly expected: number }): void =>
      signals.progress.set([entries, expected]);
    return reply({ done: await attend(task, { signal: stop.signal, onProgress }) });
  } catch (error) {
    return reply({ failed: keptError(error) });
  } finally {
    clearInterval(tick);
  }
});
