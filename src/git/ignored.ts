import { parentOf, type TreePath } from '../model/tree-path.js';
import { git } from './run.js';

export interface Candidate {
  readonly path: TreePath;
  readonly isDirectory: boolean;
}

/**
 * Which of the paths git ignores in the work tree at `directory`. What is tracked is never ignored, nor is a directory that holds one of
 * these paths that is. (`git check-ignore` could tell by itself, but goes through the whole index for each path.)
 */
export async function ignoredAmong(
  directory: string,
  candidates: readonly Candidate[],
): Promise<ReadonlySet<TreePath>> {
  if (candidates.length === 0) return new Set();
  // Patterns that end in a slash match directories only; one that is gone is told by the slash.
  const questions = candidates.map(({ path, isDirectory }) => `./${path}${isDirectory ? '/' : ''}\0`).join('');
  const needed = new AbortController();
  try {
    // At the same time, though it is of use only where something is ignored: it reads the whole index, which takes as long as the other.
    const listing = git(['--literal-pathspecs', 'ls-files', '-z', '--', ...places(candidates)], {
      cwd: directory,
      signal: needed.signal,
    });
    listing.catch(() => undefined);
    const matching = await git(['check-ignore', '--no-index', '-z', '--stdin'], {
      cwd: directory,
      input: Buffer.from(questions, 'latin1'),
      answers: [1],
    });
    const answers = matching.stdout.toString('latin1').split('\0').slice(0, -1);
    const ignored = new Set(answers.map((answer) => answer.slice(2).replace(/\/$/, '')));
    if (ignored.size === 0) return ignored;
    const tracked = await listing;
    for (const path of tracked.stdout.toString('latin1').split('\0')) {
      if (!ignored.delete(path)) continue;
      for (let above = parentOf(path); above !== ''; above = parentOf(above)) ignored.delete(above);
    }
    return ignored;
  } finally {
    needed.abort();
  }
}

const mostPlaces = 50;

/** Pathspecs below which all paths lie: what stands at the top. None, which is everything, where they would be many or not ASCII. */
function places(candidates: readonly Candidate[]): string[] {
  const tops = new Set(candidates.map(({ path }) => path.replace(/\/.*$/s, '')));
  const areUsable = tops.size <= mostPlaces && [...tops].every((top) => /^[ -~]+$/.test(top));
  return areUsable ? [...tops] : [];
}
