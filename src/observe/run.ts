import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import type { Root } from './registry.js';
import { Round } from './round.js';
import type { RoundSummary, RunOptions } from './run-events.js';
import { ensurePrivate } from './state-directory.js';

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
    const roots = await rootsOf(options, round === 0);
    const summary = await new Round(options, signal, round > 0).visit(roots);
    if (signal.aborted) break;
    last = summary;
    options.onEvent?.({ kind: 'round', summary });
    if (everyMs === undefined) break;
    await pause(Math.max(0, started + everyMs - Date.now()), undefined, { signal }).catch(() => undefined);
  }
  return last;
}

/** Roots are read anew for each round: one that is added, changed or removed needs no new run. */
async function rootsOf({ registry, roots: paths }: RunOptions, isFirst: boolean): Promise<readonly Root[]> {
  const all = await registry.roots();
  if (paths !== undefined) {
    const asked = await Promise.all(paths.map((path) => registry.root(path).catch(isFirst ? undefined : forget)));
    return asked.filter((root) => root !== undefined);
  }
  if (all.length > 0 || !isFirst) return all;
  throw new MizerError('E_ROOT_UNKNOWN', 'There are no roots to look after.', {
    hint: 'Add one with `mzr observe root add DIRECTORY`.',
  });
}

function forget(error: unknown): undefined {
  if (!(error instanceof MizerError && error.code === 'E_ROOT_UNKNOWN')) throw error;
}
