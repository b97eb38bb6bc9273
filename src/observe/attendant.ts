import { Background } from '../disk/background.js';
import type { AttendQuestion, AttendReply, AttendSignals } from './attend-worker.js';
import type { Task } from './attend.js';
import { keptError } from './kept-error.js';
import { packageFile } from './package-file.js';

const tickMs = 100;

/**
 * A thread that brings directories up to date, one at a time: scans are synchronous in the main, so only threads make them parallel, and one
 * that fails for want of memory takes nothing else with it.
 */
export class Attendant {
  readonly #worker = new Background<AttendQuestion, AttendReply>(packageFile('observe/attend-worker.js'), 1000);

  /** Never fails: what went wrong is in the reply. @param onProgress called some times a second while there is something to say */
  async attend(
    task: Task,
    signal: AbortSignal,
    onProgress: (progress: { readonly entries: number; readonly expected: number }) => void,
  ): Promise<AttendReply> {
    const signals: AttendSignals = {
      progress: new Float64Array(new SharedArrayBuffer(16)),
      stop: new Int32Array(new SharedArrayBuffer(4)),
    };
    const stop = (): void => void Atomics.store(signals.stop, 0, 1);
    let told = 0;
    const tick = setInterval(() => {
      const [entries = 0, expected = 0] = signals.progress;
      if (entries > told) onProgress({ entries, expected });
      told = entries;
    }, tickMs);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      return await this.#worker.ask({ task, signals });
    } catch (error) {
      return { failed: keptError(error) };
    } finally {
      clearInterval(tick);
      signal.removeEventListener('abort', stop);
    }
  }
}
