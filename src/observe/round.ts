import { MizerError } from '../model/errors.js';
import { fromText } from '../model/tree-path.js';
import { Attendant } from './attendant.js';
import type { Attended, Task } from './attend.js';
import { backOffMs } from './back-off.js';
import { discover, realPath } from './discover.js';
import { initPolicyFor, readInitPolicy } from './init-policy.js';
import { keptError, type KeptError } from './kept-error.js';
import { limitFor } from './limits.js';
import { readPatterns } from './patterns.js';
import { elsewhereOf, resolveRoot, type Root } from './registry.js';
import type { RoundSummary, RunOptions, ShadowEvent } from './run-events.js';
import { rootLock, StatusKeeper, type RunStatus } from './run-status.js';
import type { ObserveError } from './scan.js';
import { shadowOf, shadowRoot } from './shadow.js';
import { lockFile } from './state-directory.js';

/** One visit of all that roots have. */
export class Round {
  readonly #options: RunOptions;
  readonly #signal: AbortSignal;
  readonly #shadowRoot: string;
  /** Whether those that failed before are let alone until their time has come. */
  readonly #patient: boolean;
  readonly #attendants: readonly Attendant[];
  readonly #counts = { made: 0, changed: 0, unchanged: 0, busy: 0, waiting: 0, failed: 0, errors: 0 };

  constructor(options: RunOptions, signal: AbortSignal, patient: boolean) {
    this.#options = options;
    this.#signal = signal;
    this.#shadowRoot = options.shadowRoot ?? shadowRoot();
    this.#patient = patient;
    this.#attendants = Array.from({ length: options.jobs ?? 1 }, () => new Attendant());
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
      const work = async (attendant: Attendant): Promise<void> => {
        for await (const task of tasks) await this.#attend(root, task, keeper, attendant);
      };
      await allDone(this.#attendants.map(work));
      await (this.#signal.aborted ? keeper.abandon() : keeper.complete(startedAt));
    } catch (error) {
      if (!(error instanceof MizerError)) throw error;
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
    const { oneFileSystem = false, respectGitignore = false } = this.#options;
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
      if (realDirectory === undefined)
        this.#unreadable(root, { path, reason: 'its path is not UTF-8, so it cannot be observed by itself' });
      else {
        const limit = limitFor(root.limits, path);
        yield {
          realDirectory,
          ...(shadow === undefined ? {} : { shadow }),
          shadowRoot: this.#shadowRoot,
          policy: initPolicyFor(policy, path),
          scan: { oneFileSystem, respectGitignore },
          ...(limit === undefined ? {} : { limit }),
        };
      }
    }
  }

  #unreadable(root: Root, error: ObserveError): void {
    this.#counts.errors += 1;
    this.#options.onEvent?.({ kind: 'unreadable', root: root.path, error });
  }

  async #attend(root: Root, task: Task, keeper: StatusKeeper, attendant: Attendant): Promise<void> {
    const path = task.realDirectory;
    const before = await keeper.of(path);
    const at = { kind: 'shadow', root: root.path, path, errors: [] } as const;
    if (this.#patient && before.retryAt !== undefined && Date.parse(before.retryAt) > Date.now()) {
      keeper.seen(path);
      this.#tell({ ...at, result: 'waiting', retryAt: before.retryAt });
      return;
    }
    const reply = await attendant.attend(task, this.#signal, (progress) =>
      this.#options.onEvent?.({ kind: 'progress', path, ...progress }),
    );
    if ('done' in reply) {
      await keeper.note({ path, shadow: reply.done.shadow, failures: 0 });
      this.#tell({ ...at, ...resultOf(reply.done) });
    } else if (this.#signal.aborted) {
      keeper.seen(path);
    } else if (reply.failed.code === 'E_SHADOW_BUSY') {
      keeper.seen(path);
      this.#tell({ ...at, result: 'busy' });
    } else {
      const failed = this.#failed(path, before.failures + 1, reply.failed);
      await keeper.note(failed);
      const again = failed.retryAt === undefined ? {} : { retryAt: failed.retryAt };
      this.#tell({ ...at, result: 'failed', error: reply.failed, ...again });
    }
  }

  #failed(path: string, failures: number, error: KeptError): RunStatus {
    const shadow = shadowOf(path, this.#shadowRoot);
    const { everyMs } = this.#options;
    const now = Date.now();
    return {
      path,
      ...(shadow === undefined ? {} : { shadow }),
      failures,
      error,
      failedAt: new Date(now).toISOString(),
      ...(everyMs === undefined ? {} : { retryAt: new Date(now + backOffMs(failures, everyMs)).toISOString() }),
    };
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
