import type { WorkTree } from '../contexts/work-tree.js';
import type { Log } from './log.js';

/** How long nothing may have been asked of a work tree before its housekeeping begins, milliseconds. */
const quiet = 300;

/** Work on a work tree for when nobody waits: once after the last request, never twice at a time. */
export class Housekeeping {
  readonly #log: Log;
  readonly #work: (tree: WorkTree) => Promise<void>;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Map<string, Promise<void>>();
  #closed = false;

  constructor(log: Log, work: (tree: WorkTree) => Promise<void>) {
    this.#log = log;
    this.#work = work;
  }

  /** The work is done on `tree` when it has been quiet. */
  soon(tree: WorkTree): void {
    // Clients hang up when the daemon ends, and that is a reason for housekeeping too.
    if (this.#closed) return;
    clearTimeout(this.#timers.get(tree.store.id));
    this.#timers.set(tree.store.id, setTimeout(() => this.#start(tree), quiet).unref());
  }

  #start(tree: WorkTree): void {
    const { id } = tree.store;
    if (this.#running.has(id)) return this.soon(tree);
    const run = this.#work(tree)
      .catch((error: unknown) => this.#log.error(`Housekeeping of ${tree.path} failed.`, error))
      .finally(() => this.#running.delete(id));
    this.#running.set(id, run);
  }

  /** Begins nothing more and waits for what has begun. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running.values());
  }
}
