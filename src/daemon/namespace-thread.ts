import { Worker } from 'node:worker_threads';
import { MizerError } from '../model/errors.js';
import { fromWire } from '../protocol/wire-error.js';
import type { Operations } from './namespace-operations.js';
import type { Outcome } from './namespace-worker.js';

interface Waiting {
  resolve(this: void, value: unknown): void;
  reject(this: void, error: unknown): void;
}

/** All mount work of the daemon, done one after another by a thread that may stand in other mount namespaces. */
export interface NamespaceThread {
  call<N extends keyof Operations>(name: N, argument: Parameters<Operations[N]>[0]): Promise<ReturnType<Operations[N]>>;
  end(): Promise<void>;
}

/** Starts the thread; what it is asked before it is ready waits. */
export function startNamespaceThread(): NamespaceThread {
  const worker = new Worker(new URL('namespace-worker.js', import.meta.url));
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: MizerError | undefined;
  worker.on('message', ({ id, result, error }: Outcome) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(fromWire(error) ?? error);
  });
  const fail = (cause?: unknown): void => {
    ended = new MizerError('E_NAMESPACE_THREAD', 'The thread that mounts contexts has ended.', {
      group: 'failed',
      hint: 'Run `mzr daemon stop`, then the command again.',
      cause,
    });
    for (const asked of waiting.values()) asked.reject(ended);
    waiting.clear();
  };
  worker.on('error', fail);
  worker.on('exit', () => fail());
  return {
    call<N extends keyof Operations>(name: N, argument: Parameters<Operations[N]>[0]) {
      return new Promise<ReturnType<Operations[N]>>((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        const id = (lastId += 1);
        waiting.set(id, { resolve: (value) => resolve(value as ReturnType<Operations[N]>), reject });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
        worker.postMessage({ id, name, argument });
      });
    },
    end: async () => {
      await worker.terminate();
    },
  };
}
