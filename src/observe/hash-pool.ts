import { availableParallelism } from 'node:os';
import { Background } from '../disk/background.js';
import type { TreePath } from '../model/tree-path.js';
import type { HashResult, HashSignals } from './hash-file.js';
import type { HashQuestion } from './hash-worker.js';
import { packageFile } from './package-file.js';
import { throwIfAborted } from './shadow-lock.js';

/** A file to hash. */
export interface HashJob {
  readonly path: TreePath;
  /** As far as it is known. */
  readonly size: number;
}

/** What was read so far. */
export interface HashProgress {
  readonly files: number;
  readonly bytes: number;
}

const batchFiles = 64;
const batchBytes = 16 * 1024 * 1024;
const mostWorkers = 4;
/** So many questions a worker has at a time: one that it answers, one for when it is done. */
const ahead = 2;
const tickMs = 100;

/**
 * Hashes files below `root` in worker threads, one for each core up to four, and hands each result to `take`, in no order. Reading and
 * hashing are synchronous there. `onProgress` is called some times a second and at the end.
 * @throws MizerError `E_INTERRUPTED`, `E_WORKER_LOST`
 */
export async function hashAll<J extends HashJob>(
  root: string,
  jobs: AsyncIterable<J>,
  take: (job: J, result: HashResult) => Promise<void> | void,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: HashProgress) => void } = {},
): Promise<void> {
  const { signal } = options;
  const signals: HashSignals = {
    bytes: new BigInt64Array(new SharedArrayBuffer(8)),
    stop: new Int32Array(new SharedArrayBuffer(4)),
  };
  const stop = (): void => void Atomics.store(signals.stop, 0, 1);
  let files = 0;
  const tell = (): void => options.onProgress?.({ files, bytes: Number(Atomics.load(signals.bytes, 0)) });
  const tick = setInterval(tell, tickMs);
  signal?.addEventListener('abort', stop);
  const batches = inBatches(jobs);
  const lane = async (worker: Background<HashQuestion, readonly HashResult[]>): Promise<void> => {
    for await (const batch of batches) {
      throwIfAborted(signal);
      const results = await worker.ask({ root, paths: batch.map(({ path }) => path), signals });
      throwIfAborted(signal);
      for (const [index, result] of results.entries()) await take(batch[index]!, result);
      files += batch.length;
    }
  };
  try {
    const lanes = Array.from({ length: Math.min(availableParallelism(), mostWorkers) }, () => {
      const worker = new Background<HashQuestion, readonly HashResult[]>(packageFile('observe/hash-worker.js'), 1000);
      return Array.from({ length: ahead }, () => lane(worker));
    });
    const outcomes = await Promise.allSettled(lanes.flat().map((one) => one.catch(stopAll(stop))));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    tell();
  } finally {
    clearInterval(tick);
    signal?.removeEventListener('abort', stop);
  }
}

/** When one fails, the others need not go on. */
function stopAll(stop: () => void): (error: unknown) => never {
  return (error) => {
    stop();
    throw error;
  };
}

async function* inBatches<J extends HashJob>(jobs: AsyncIterable<J>): AsyncGenerator<readonly J[]> {
  let batch: J[] = [];
  let bytes = 0;
  for await (const job of jobs) {
    batch.push(job);
    bytes += job.size;
    if (batch.length < batchFiles && bytes < batchBytes) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}
