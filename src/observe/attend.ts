import { checkLimit, type Limit } from './limits.js';
import type { Policy } from './policy.js';
import { openShadow, type Shadow } from './shadow.js';
import { init } from './init.js';
import { type ScanOptions, stat, type StatProgress, type StatResult } from './stat.js';

/** A directory to bring up to date. */
export interface Task {
  /** Absolute, without links. */
  readonly realDirectory: string;
  /** Absent: to be made. */
  readonly shadow?: string;
  readonly shadowRoot: string;
  /** With which it is made, if nothing forbids it. */
  readonly policy: Policy;
  readonly limit?: Limit;
  readonly scan: Pick<ScanOptions, 'oneFileSystem' | 'respectGitignore'>;
}

export interface Attended {
  readonly shadow: string;
  /** Its shadow repository is new. */
  readonly made: boolean;
  readonly stat: StatResult;
}

/**
 * Brings a directory's `master-stat` up to date; makes the shadow repository where there is none.
 * @throws MizerError `E_LIMIT`, `E_SHADOW_BUSY` (another looks at it), `E_INTERRUPTED`, and as `init` and `stat`
 */
export async function attend(
  task: Task,
  options: { readonly signal: AbortSignal; readonly onProgress: (progress: StatProgress) => void },
): Promise<Attended> {
  const known = task.shadow === undefined ? undefined : await openShadow(task.shadow);
  const shadow = known ?? (await make(task, options.signal));
  const done = await stat(shadow, { ...options, ...task.scan, wait: false });
  return { shadow: shadow.path, made: known === undefined, stat: done };
}

async function make({ realDirectory, shadowRoot, policy, limit }: Task, signal: AbortSignal): Promise<Shadow> {
  await checkLimit(realDirectory, policy, limit, signal);
  return init({ realDirectory, shadowRoot, policy });
}
