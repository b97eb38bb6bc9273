import { setTimeout as pause } from 'node:timers/promises';
import { identity } from '../git/identity.js';
import { git } from '../git/run.js';
import { toDisplay } from '../model/tree-path.js';
import type { ObserveError } from './scan.js';
import type { Shadow } from './shadow.js';

const attempts = 5;

/** Puts a note on a commit that lists what could not be read: reason and path a line, paths as git prints them. */
export async function noteErrors(shadow: Shadow, commit: string, errors: readonly ObserveError[]): Promise<void> {
  if (errors.length === 0) return;
  const lines = errors.map(({ path, reason }) => `${reason} ${path === '' ? '.' : toDisplay(path)}\n`);
  const args = [`--git-dir=${shadow.gitDir}`, 'notes', 'add', '-f', '-F', '-', commit];
  const environment = await identity({ cwd: shadow.gitDir });
  const options = { cwd: shadow.gitDir, input: lines.join(''), mayWrite: true, environment };
  // Notes are on one ref for all branches: whoever writes another one at this moment makes git refuse.
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    if ((await git(args, { ...options, answers: [1, 128] })).status === 0) return;
    await pause(50 * attempt);
  }
  await git(args, options);
}
