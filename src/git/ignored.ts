import type { TreePath } from '../model/tree-path.js';
import { git } from './run.js';

export interface Candidate {
  readonly path: TreePath;
  readonly isDirectory: boolean;
}

/** Which of the paths git ignores in the work tree at `directory`, by one process. What is tracked is never ignored. */
export async function ignoredAmong(
  directory: string,
  candidates: readonly Candidate[],
): Promise<ReadonlySet<TreePath>> {
  if (candidates.length === 0) return new Set();
  // Patterns that end in a slash match directories only; one that is gone is told by the slash.
  const questions = candidates.map(({ path, isDirectory }) => `./${path}${isDirectory ? '/' : ''}\0`).join('');
  const { stdout } = await git(['check-ignore', '-z', '--stdin'], {
    cwd: directory,
    input: Buffer.from(questions, 'latin1'),
    answers: [1],
  });
  const answers = stdout.toString('latin1').split('\0').slice(0, -1);
  return new Set(answers.map((answer) => answer.slice(2).replace(/\/$/, '')));
}
