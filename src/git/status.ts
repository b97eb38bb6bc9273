import { git } from './run.js';

/** How many paths of a work tree differ from HEAD or are new. */
export interface StatusCount {
  readonly tracked: number;
  readonly untracked: number;
}

/** Counts what `git status` would list; a new directory counts once. */
export async function workTreeStatus(directory: string): Promise<StatusCount> {
  const { stdout } = await git(['status', '--porcelain', '-z', '--no-renames'], { cwd: directory });
  const entries = stdout.toString('latin1').split('\0').slice(0, -1);
  const untracked = entries.filter((entry) => entry.startsWith('??')).length;
  return { tracked: entries.length - untracked, untracked };
}
