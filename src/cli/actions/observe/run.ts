import { resolve } from 'node:path';
import { type RoundSummary, run as runRoots, type RunEvent } from '../../../observe/run.js';
import { defined } from '../../answer.js';
import { progressLine } from '../../reporter/progress.js';
import { eventJson, eventText, progressOf } from '../../reporter/rounds.js';
import type { World } from '../../world.js';
import { registryOf } from './root.js';

interface RunInput {
  readonly roots: readonly string[];
  readonly every: number | undefined;
  readonly jobs: number | undefined;
  readonly shadowRoot: string | undefined;
}

export async function run(input: RunInput, world: World): Promise<number> {
  const { every, jobs } = input;
  const absolute = (path: string): string => resolve(world.cwd(), path);
  const stop = new AbortController();
  let signal: 'SIGINT' | 'SIGTERM' | undefined;
  const end = (given: 'SIGINT' | 'SIGTERM'): void => {
    signal = given;
    stop.abort();
  };
  const onInterrupt = (): void => end('SIGINT');
  const onTerminate = (): void => end('SIGTERM');
  // Once: a second signal ends the process as signals do; nothing is lost by that.
  process.once('SIGINT', onInterrupt).once('SIGTERM', onTerminate);
  const line = world.err.terminal && !world.json ? progressLine(world.err.write, world.now) : undefined;
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'progress') {
      line?.report(progressOf(event.path, event.progress));
      return;
    }
    line?.clear();
    const text = world.json ? eventJson(event) : eventText(event, world.out.style);
    if (text !== '') world.out.write(text);
  };
  let last: RoundSummary | undefined;
  try {
    last = await runRoots({
      registry: registryOf(world),
      signal: stop.signal,
      onEvent,
      ...defined({
        roots: input.roots.length === 0 ? undefined : input.roots.map(absolute),
        shadowRoot: input.shadowRoot === undefined ? undefined : absolute(input.shadowRoot),
        everyMs: every,
        jobs,
      }),
    });
  } finally {
    line?.clear();
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
  }
  // A run for ever has done its work when it is told to end.
  if (signal !== undefined) return every !== undefined ? 0 : signal === 'SIGINT' ? 130 : 143;
  return last !== undefined && last.failed + last.errors + last.busy > 0 ? 1 : 0;
}
