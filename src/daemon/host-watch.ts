import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Touched } from '../contexts/host-snapshots.js';
import type { WorkTree } from '../contexts/work-tree.js';
import { Watcher } from '../disk/watch.js';
import type { WatchStatus } from '../protocol/messages.js';

interface Watch {
  readonly watcher: Watcher;
  /** Why the last answer could not be trusted. */
  reason?: string;
  missed: number;
  verifiedAt?: string;
}

/** Watches the host views of the work trees in use, so that a fork need not walk them. */
export class HostWatch {
  readonly #cookieDirectory: string;
  readonly #watches = new Map<string, Watch>();

  /** @param runtime a directory of the daemon's own */
  constructor(runtime: string) {
    this.#cookieDirectory = join(runtime, 'cookies');
    mkdirSync(this.#cookieDirectory, { recursive: true, mode: 0o700 });
  }

  /**
   * What was touched in a host view since the last question; `undefined` when only a walk can tell, as at the first question, with which the
   * watch begins.
   */
  async touched(workTree: string, exclude: readonly string[]): Promise<Touched | undefined> {
    const watch = this.#watches.get(workTree);
    if (watch === undefined) {
      const watcher = await Watcher.open(workTree, { exclude, cookieDirectory: this.#cookieDirectory });
      this.#watches.set(workTree, { watcher, missed: 0 });
      return undefined;
    }
    const answer = await watch.watcher.touched();
    if (answer.trusted) {
      delete watch.reason;
      return answer;
    }
    watch.reason = answer.reason;
    // A tree that took the old one's place is not the one that is watched.
    if (answer.reason === 'root-gone') await this.#forget(workTree);
    return undefined;
  }

  /** Holds a walk against what the watch said, and counts what it had not said. The caller holds the store's lock. */
  async verify(tree: WorkTree): Promise<void> {
    const watch = this.#watches.get(tree.path);
    if (watch === undefined) return;
    watch.missed += await tree.host.verify(tree.touched);
    watch.verifiedAt = new Date().toISOString();
  }

  async status(): Promise<readonly WatchStatus[]> {
    return Promise.all(
      [...this.#watches].map(async ([workTree, { watcher, reason, missed, verifiedAt }]) => ({
        workTree,
        directories: (await watcher.stats()).directories,
        trusted: reason === undefined,
        missed,
        ...(reason === undefined ? {} : { reason }),
        ...(verifiedAt === undefined ? {} : { verifiedAt }),
      })),
    );
  }

  async close(): Promise<void> {
    for (const workTree of this.#watches.keys()) await this.#forget(workTree);
  }

  async #forget(workTree: string): Promise<void> {
    const watch = this.#watches.get(workTree);
    this.#watches.delete(workTree);
    await watch?.watcher.close();
  }
}
