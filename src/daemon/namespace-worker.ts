import { parentPort } from 'node:worker_threads';
import { ownFileSystemContext } from '../linux/namespaces.js';
import { toWire } from '../protocol/wire-error.js';
import { namespaceOperations, type Operations } from './namespace-operations.js';

/** One call to the namespace thread. */
export interface Order {
  readonly id: number;
  readonly name: keyof Operations;
  readonly argument: unknown;
}

/** Its answer. */
export interface Outcome {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

// The one thread that changes its mount namespace. `unshare(CLONE_FS)` frees it of the other threads, which never notice.
if (parentPort !== null) {
  const port = parentPort;
  ownFileSystemContext();
  const operations = namespaceOperations() as unknown as Readonly<Record<string, (argument: unknown) => unknown>>;
  port.on('message', ({ id, name, argument }: Order) => {
    try {
      port.postMessage({ id, result: operations[name]?.(argument) } satisfies Outcome);
    } catch (error) {
      port.postMessage({ id, error: toWire(error) } satisfies Outcome);
    }
  });
}
