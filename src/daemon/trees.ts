import { lstatSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { recoverHost } from '../contexts/apply-context.js';
import { HostSnapshots } from '../contexts/host-snapshots.js';
import { locate, type Located } from '../contexts/locate.js';
import type { Mounts } from '../contexts/mounts.js';
import { sweepRegistrations } from '../contexts/gc.js';
import { Store } from '../contexts/store.js';
import type { WorkTree } from '../contexts/work-tree.js';
import { MizerError } from '../model/errors.js';
import { KeyedMutex } from './keyed-mutex.js';
import type { HostWatch } from './host-watch.js';

/** The work trees the daemon has open, each with its store. */
export class Trees {
  readonly #open = new Map<string, Promise<WorkTree>>();
  readonly #located = new Map<string, { readonly located: Located; readonly stamp: string }>();
  readonly #mounts: Mounts;
  readonly #watch: HostWatch;
  readonly #liveDirectory: string;
  readonly #mutex = new KeyedMutex();

  /** @param stateDirectory mizer's own, where live contexts keep what they change */
  constructor(mounts: Mounts, watch: HostWatch, stateDirectory: string) {
    this.#mounts = mounts;
    this.#watch = watch;
    this.#liveDirectory = join(stateDirectory, 'live');
  }

  /** The work tree that holds `directory`. @throws MizerError as `locate` and `Store.open` do */
  async at(directory: string): Promise<WorkTree> {
    const located = await this.#locate(directory);
    await this.#closeMoved();
    const known = this.#open.get(located.directory);
    if (known !== undefined) {
      const tree = await known;
      if (tree.path === located.workTree) return tree;
      tree.store.close();
    }
    const opening = this.#start(located);
    this.#open.set(located.directory, opening);
    opening.catch(() => this.#open.delete(located.directory));
    return opening;
  }

  /** `locate`, remembered as long as the git directory and its configuration are what they were. */
  async #locate(directory: string): Promise<Located> {
    const known = this.#located.get(directory);
    if (known !== undefined && known.stamp === stampOf(known.located)) return known.located;
    const located = await locate(directory);
    this.#located.set(directory, { located, stamp: stampOf(located) });
    return located;
  }

  async #start(located: Located): Promise<WorkTree> {
    refuseHolding(located.workTree, dirname(this.#liveDirectory));
    const store = await Store.open(located);
    const host = new HostSnapshots(store);
    const tree: WorkTree = {
      path: located.workTree,
      repository: located.repository,
      store,
      host,
      mounts: this.#mounts,
      liveDirectory: this.#liveDirectory,
      touched: () => this.#watch.touched(located.workTree, host.excluded()),
      exclusively: (work) => this.#mutex.run(store.id, work),
      random: Math.random,
    };
    sweepRegistrations(tree);
    await recoverHost(tree);
    return tree;
  }

  /** Lets go of the stores that were moved or deleted: one that was moved is to be opened at its new place. */
  async #closeMoved(): Promise<void> {
    for (const [directory, opening] of this.#open) {
      const tree = await opening.catch(() => undefined);
      if (tree === undefined || tree.store.isInPlace() || this.#open.get(directory) !== opening) continue;
      this.#open.delete(directory);
      tree.store.close();
    }
  }

  /** The work trees that are open now. */
  async all(): Promise<readonly WorkTree[]> {
    const settled = await Promise.allSettled(this.#open.values());
    return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  async close(): Promise<void> {
    for (const tree of await this.all()) tree.store.close();
    this.#open.clear();
  }
}

/** Differs when `locate` may answer differently: the work tree or its git directory is another, or was configured. */
function stampOf({ workTree, directory, repository }: Located): string {
  const files = repository === undefined ? [directory] : [join(workTree, '.git'), join(repository.commonDir, 'config')];
  return files
    .map((file) => lstatSync(file, { bigint: true, throwIfNoEntry: false }))
    .map((stats) => `${stats?.ino} ${stats?.isDirectory() === true ? '' : stats?.ctimeNs}`)
    .join();
}

/** A context would cover the places where contexts are mounted, and a snapshot would copy them. */
function refuseHolding(workTree: string, state: string): void {
  if (relative(workTree, state).startsWith('..')) return;
  throw new MizerError(
    'E_STATE_INSIDE',
    `mizer keeps its mount points in ${state}, which lies inside the work tree ${workTree}.`,
    {
      hint: 'Set XDG_STATE_HOME to a directory outside of it, for instance in /var/tmp, and run `mzr daemon stop` first.',
    },
  );
}
