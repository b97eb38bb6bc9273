import { resolve } from 'node:path';
import { run as runRoots } from '../../../observe/run.js';
import type { RunEvent } from '../../../observe/run-events.js';
import { throwIfAborted } from '../../../observe/shadow-lock.js';
import { defined } from '../../answer.js';
import { interruptible } from '../../interruption.js';
import { progressLine } from '../../reporter/progress.js';
import { eventJson, eventText, runProgress } from '../../reporter/rounds.js';
import type { World } from '../../world.js';
import { registryOf } from './root.js';

interface RunInput {
  readonly roots: readonly string[];
  readonly every: number | undefined;
  readonly jobs: number | undefined;
  readonly oneFileSystem: boolean;
  readonly respectGitignore: boolean;
  readonly shadowRoot: string | undefined;
}

export function run(input: RunInput, world: World): Promise<number> {
  return interruptible(async (signal) => {
    const { every, jobs, oneFileSystem, respectGitignore } = input;
    const absolute = (path: string): string => resolve(world.cwd(), path);
    const line = world.err.terminal && !world.json ? progressLine(world.err.write, world.now) : undefined;
    const progress = runProgress(world.now);
    const onEvent = (event: RunEvent): void => {
      if (event.kind === 'progress') {
        line?.report(progress(event));
        return;
      }
      line?.clear();
      const text = world.json ? eventJson(event) : eventText(event, world.out.style);
      if (text !== '') world.out.write(text);
    };
    const last = await runRoots({
      registry: registryOf(world),
      signal,
      onEvent,
      oneFileSystem,
      respectGitignore,
      ...defined({
        roots: input.roots.length === 0 ? undefined : input.roots.map(absolute),
        shadowRoot: input.shadowRoot === undefined ? undefined : absolute(input.shadowRoot),
        everyMs: every,
        jobs,
      }),
    }).finally(() => line?.clear());
    // A run for ever has done its work when it is told to end.
    if (every !== undefined) return 0;
    throwIfAborted(signal);
    return last !== undefined && last.failed + last.errors > 0 ? 1 : 0;
  });
}
