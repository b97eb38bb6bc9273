import { spawn } from 'node:child_process';
import { toText } from '../model/tree-path.js';
import type { CopyUnit } from './copy-plan.js';
import { isTrueRoot } from './ownership.js';

export interface CopyCommandOptions {
  /** Called with the number of entries copied since the last call; without it `cp` is not asked to tell. */
  readonly onCopied: ((count: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Runs one `cp` for each unit, `jobs` at a time. Failures are not told: what they left undone is seen by looking at the copy. */
export async function runCopies(
  from: string,
  to: string,
  units: readonly CopyUnit[],
  jobs: number,
  options: CopyCommandOptions,
): Promise<void> {
  const waiting = [...units];
  const work = async (): Promise<void> => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      options.signal?.throwIfAborted();
      await runCopy(from, to, unit, options);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

/**
 * `cp -a` is `-dR --preserve=all` without complaints about what cannot be kept. The owner is left out unless it can be given: in a user
 * namespace only the user's own ids are mapped, and an overlay cannot copy up a file of another.
 */
async function runCopy(from: string, to: string, unit: CopyUnit, options: CopyCommandOptions): Promise<void> {
  const { onCopied, signal } = options;
  const directory = unit.directory === '' ? '' : `/${toText(unit.directory)}`;
  const args = ['-a', ...(isTrueRoot() ? [] : ['--no-preserve=ownership']), '--reflink=auto', '--sparse=auto'];
  if (onCopied !== undefined) args.push('--verbose');
  args.push('-t', `${to}${directory}`, '--', ...unit.names.map((name) => `${from}${directory}/${toText(name)}`));
  const child = spawn('cp', args, { stdio: ['ignore', onCopied === undefined ? 'ignore' : 'pipe', 'ignore'] });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal?.addEventListener('abort', stop, { once: true });
  child.stdout?.on('data', (bytes: Buffer) => {
    let lines = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
    onCopied?.(lines);
  });
  await new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', () => resolve());
  });
  signal?.removeEventListener('abort', stop);
}
