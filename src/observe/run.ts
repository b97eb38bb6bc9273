import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import { fromText } from '../model/tree-path.js';
import { attend, type Attended, type Task } from './attend.js';
import { backOffMs } from './back-off.js';
import { discover, realPath } from './discover.js';
import { initPolicyFor, readInitPolicy } from './init-policy.js';
import { limitFor } from './limits.js';
import { readPatterns } from './patterns.js';
import { elsewhereOf, resolveRoot, type Registry, type Root } from './registry.js';
import { rootLock, StatusKeeper, type KeptError } from './run-status.js';
import { shadowOf, shadowRoot } from './shadow.js';
import type { ObserveError, StatProgress } from './stat.js';
import { ensurePrivate, lockFile } from './state-directory.js';

/** What a run says of a directory, as soon as it is done with it. */
export interface ShadowEvent {
  readonly kind: 'shadow';
  readonly root: string;
  /** The real directory, absolute. */
  readonly path: string;
  readonly shadow?: string;
  /** `busy`: another looks at it. `waiting`: it has failed, and its time has not come. */
  readonly result: 'made' | 'changed' | 'unchanged' | 'busy' | 'waiting' | 'failed';
  readonly commit?: string;
  readonly entries?: number;
  /** Paths that could not be read. */
  readonly errors: readonly ObserveError[];
  /** Why it failed. */
  readonly error?: KeptError;
  /** Before that time a failed one is not tried again in this run, an ISO time. */
  readonly retryAt?: string;
}

export type RunEvent =
  | ShadowEvent
  /** A root that could not be searched, or a directory below it that could not be read. */
  | { readonly kind: 'root'; readonly root: string; readonly error: KeptError }
  | { readonly kind: 'unreadable'; readonly root: string; readonly error: ObserveError }
  | { readonly kind: 'progress'; readonly path: string; readonly progress: StatProgress }
  | { readonly kind: 'round'; readonly summary: RoundSummary };

/** How many directories of a round came to which result. */
export interface RoundSummary {
  readonly made: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly busy: number;
  readonly waiting: number;
  readonly failed: number;
  /** Paths that could not be read, and roots that could not be searched. */
  readonly errors: number;
  readonly seconds: number;
}

export interface RunOptions {
  readonly registry: Registry;
  /** Paths of roots; all that are registered by default. */
  readonly roots?: readonly string[];
  /** `shadowRoot()` by default. */
  readonly shadowRoot?: string;
  /** For ever, a round each so many milliseconds, measured from start to start; once without it. */
  readonly everyMs?: number;
  /** Directories looked at at the same time; 1 by default. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/**
 * Finds what is to be observed below the roots, makes shadow repositories that are missing and brings all up to date. One that fails
 * keeps nothing else from being done; in later rounds of the same run it is let alone for longer and longer. Ends when it is done, or
 * when `signal` says so: what is being looked at is then left as it was before.
 * @returns what the last whole round did; `undefined` when there was none
 * @throws MizerError `E_ROOT_UNKNOWN`, `E_STATE_CORRUPT`, `E_STATE_DIRECTORY`
 */
export async function run(options: RunOptions): Promise<RoundSummary | undefined> {
  const { everyMs, signal = new AbortController().signal } = options;
  ensurePrivate(options.registry.directory);
  let last: RoundSummary | undefined;
  for (let round = 0; !signal.aborted; round += 1) {
    const started = Date.now();
    const roots = await rootsOf(options);
    const summary = await new Round(options, signal, round > 0).visit(roots);
    if (signal.aborted) break;
    last = summary;
    options.onEvent?.({ kind: 'round', summary });
    if (everyMs === undefined) break;
    await pause(Math.max(0, started + everyMs - Date.now()), undefined, { signal }).catch(() => undefined);
  }
  return last;
}

/** Roots are read anew for each round: one that is added or changed needs no new run. One that is removed is simply not there any more. */
async function rootsOf({ registry, roots }: RunOptions): Promise<readonly Root[]> {
  if (roots === undefined) return registry.roots();
  return Promise.all(roots.map((path) => registry.root(path)));
}

class Round {
  readonly #options: RunOptions;
  readonly #signal: AbortSignal;
  readonly #shadowRoot: string;
  /** Whether those that failed before are let alone until their time has come. */
  readonly #patient: boolean;
  readonly #counts = { made: 0, changed: 0, unchanged: 0, busy: 0, waiting: 0, failed: 0, errors: 0 };

  constructor(options: RunOptions, signal: AbortSignal, patient: boolean) {
    this.#options = options;
    this.#signal = signal;
    this.#shadowRoot = options.shadowRoot ?? shadowRoot();
    this.#patient = patient;
  }

  async visit(roots: readonly Root[]): Promise<RoundSummary> {
    const started = Date.now();
    const all = await this.#options.registry.roots();
    for (const root of roots) if (!this.#signal.aborted) await this.#visitRoot(root, all);
    return { ...this.#counts, seconds: (Date.now() - started) / 1000 };
  }

  async #visitRoot(root: Root, all: readonly Root[]): Promise<void> {
    const { directory } = this.#options.registry;
    const lock = await lockFile(rootLock(directory, root.path));
    if (lock === undefined) {
      this.#fail(root, { code: 'E_ROOT_BUSY', message: `Another run looks after ${root.path} at the moment.` });
      return;
    }
    const startedAt = new Date().toISOString();
    const keeper = await StatusKeeper.open(directory, root.path);
    try {
      const tasks = this.#tasks(root, all);
      const worker = async (): Promise<void> => {
        for await (const task of tasks) await this.#attend(root, task, keeper);
      };
      await allDone(Array.from({ length: this.#options.jobs ?? 1 }, worker));
      await (this.#signal.aborted ? keeper.abandon() : keeper.complete(startedAt));
    } catch (error) {
      const kept = keptError(error);
      await keeper.abandon(kept);
      this.#fail(root, kept);
    } finally {
      await lock.release();
    }
  }

  #fail(root: Root, error: KeptError): void {
    this.#counts.errors += 1;
    this.#options.onEvent?.({ kind: 'root', root: root.path, error });
  }

  async *#tasks(root: Root, all: readonly Root[]): AsyncGenerator<Task> {
    const real = resolveRoot(root.path);
    const policy = readInitPolicy(fromText(root.initPolicy));
    const found = discover(real, {
      patterns: readPatterns(fromText(root.patterns), root.enabledPaths.map(fromText)),
      shadowOf: (directory) => shadowOf(directory, this.#shadowRoot),
      elsewhere: elsewhereOf(real, all, this.#shadowRoot),
      signal: this.#signal,
    });
    for await (const { kind, path, shadow, reason } of found) {
      if (this.#signal.aborted) return;
      const realDirectory = realPath(real, path);
      if (kind === 'unreadable') this.#unreadable(root, { path, reason: reason ?? '' });
      if (kind !== 'candidate' && kind !== 'known') continue;
      if (realDirectory === undefined) this.#unreadable(root, { path, reason: 'its path is not UTF-8' });
      else {
        const limit = limitFor(root.limits, path);
        yield {
          realDirectory,
          ...(shadow === undefined ? {} : { shadow }),
          shadowRoot: this.#shadowRoot,
          policy: initPolicyFor(policy, path),
          ...(limit === undefined ? {} : { limit }),
        };
      }
    }
  }

  #unreadable(root: Root, error: ObserveError): void {
    this.#counts.errors += 1;
    this.#options.onEvent?.({ kind: 'unreadable', root: root.path, error });
  }

  async #attend(root: Root, task: Task, keeper: StatusKeeper): Promise<void> {
    const path = task.realDirectory;
    const before = keeper.of(path);
    const at = { kind: 'shadow', root: root.path, path, errors: [] } as const;
    if (this.#patient && before.retryAt !== undefined && Date.parse(before.retryAt) > Date.now()) {
      keeper.seen(path);
      this.#tell({ ...at, result: 'waiting', retryAt: before.retryAt });
      return;
    }
    const trueAt = new Date().toISOString();
    try {
      const onProgress = (progress: StatProgress): void =>
        this.#options.onEvent?.({ kind: 'progress', path, progress });
      const done = await attend(task, { signal: this.#signal, onProgress });
      const { entries, errors, immutable } = done.stat;
      const counted = immutable ? before.entries : entries;
      await keeper.note({
        path,
        shadow: done.shadow,
        trueAt,
        unread: errors.length,
        ...(counted === undefined ? {} : { entries: counted }),
        failures: 0,
      });
      this.#tell({ ...at, ...resultOf(done) });
    } catch (error) {
      if (this.#signal.aborted) return;
      const kept = keptError(error);
      if (kept.code === 'E_SHADOW_BUSY') {
        keeper.seen(path);
        this.#tell({ ...at, result: 'busy' });
        return;
      }
      const failures = before.failures + 1;
      const shadow = shadowOf(path, this.#shadowRoot);
      const { everyMs } = this.#options;
      const again =
        everyMs === undefined ? {} : { retryAt: new Date(Date.now() + backOffMs(failures, everyMs)).toISOString() };
      const { retryAt: _, ...known } = before;
      await keeper.note({ ...known, ...(shadow === undefined ? {} : { shadow }), failures, error: kept, ...again });
      this.#tell({ ...at, result: 'failed', error: kept, ...again });
    }
  }

  #tell(event: ShadowEvent): void {
    this.#counts[event.result] += 1;
    this.#counts.errors += event.errors.length;
    this.#options.onEvent?.(event);
  }
}

function resultOf({
  shadow,
  made,
  stat,
}: Attended): Pick<ShadowEvent, 'shadow' | 'result' | 'commit' | 'entries' | 'errors'> {
  const { commit, entries, errors, unchanged } = stat;
  const result = made ? 'made' : unchanged ? 'unchanged' : 'changed';
  return { shadow, result, ...(commit === undefined ? {} : { commit }), entries, errors };
}

/** Waits for all of them, then throws what the first that failed threw. */
async function allDone(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) if (outcome.status === 'rejected') throw outcome.reason;
}

function keptError(error: unknown): KeptError {
  if (error instanceof MizerError) return { code: error.code, message: error.message };
  return { code: 'E_INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
