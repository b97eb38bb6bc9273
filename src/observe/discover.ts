import { readdir } from 'node:fs/promises';
import { codeOf, locate } from '../disk/tree-location.js';
import { MizerError } from '../model/errors.js';
import { join, toText, type TreePath } from '../model/tree-path.js';
import { actionFor, type Patterns } from './patterns.js';

/**
 * What discovery says of a directory. `candidate`: to be observed, not yet. `known`: has a shadow repository. `ignored`: neither it nor what
 * is in it is looked at. `elsewhere`: another, nested root decides about it, or shadow repositories lie there. `unreadable`: what is in
 * it is not known, `reason` says why; said besides what else is said of it.
 */
export interface Found {
  readonly kind: 'candidate' | 'known' | 'ignored' | 'elsewhere' | 'unreadable';
  /** Relative to the root, whose own is `''`. */
  readonly path: TreePath;
  /** A known one's shadow repository. */
  readonly shadow?: string;
  readonly reason?: string;
}

export interface DiscoverOptions {
  readonly patterns: Patterns;
  /** The shadow repository of an absolute path, as text. */
  readonly shadowOf: (realDirectory: string) => string | undefined;
  /** Absolute paths that are not this root's business: nested roots, and where shadow repositories lie. */
  readonly elsewhere?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/**
 * Looks for directories to observe, depth first and in the order of their bytes. Directories only; links are not followed. What has a
 * shadow repository is reported as known whatever the patterns say, and entered only if they say so.
 * @param root an absolute path without links, as text
 * @throws MizerError `E_ROOT_GONE` when the root itself cannot be read
 */
export async function* discover(root: string, options: DiscoverOptions): AsyncGenerator<Found> {
  yield* visit(root, '', options);
}

async function* visit(root: string, path: TreePath, options: DiscoverOptions): AsyncGenerator<Found> {
  if (options.signal?.aborted === true) return;
  const real = realPath(root, path);
  if (path !== '' && real !== undefined && options.elsewhere?.has(real) === true) {
    yield { kind: 'elsewhere', path };
    return;
  }
  const action = actionFor(options.patterns, path);
  const shadow = real === undefined ? undefined : options.shadowOf(real);
  if (shadow !== undefined) yield { kind: 'known', path, shadow };
  else if (action === 'ignore') yield { kind: 'ignored', path };
  else if (action !== 'enter') yield { kind: 'candidate', path };
  const names = await directoriesIn(root, path, action === 'repo' || action === 'ignore');
  if (typeof names === 'string') yield { kind: 'unreadable', path, reason: names };
  else for (const name of names) yield* visit(root, join(path, name), options);
}

/** The absolute path of a path below a root, or `undefined` where it cannot be said as text. */
export function realPath(root: string, path: TreePath): string | undefined {
  const text = toText(path);
  if (text === undefined) return undefined;
  if (text === '') return root;
  return root === '/' ? `/${text}` : `${root}/${text}`;
}

/** The names of directories in a directory that is to be entered, in order; else why it cannot be read. */
async function directoriesIn(root: string, path: TreePath, closed: boolean): Promise<string[] | string> {
  if (closed && path !== '') return [];
  try {
    const entries = await readdir(locate(root === '/' ? '' : root, path) || '/', {
      withFileTypes: true,
      encoding: 'buffer',
    });
    if (closed) return [];
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name.toString('latin1'))
      .sort();
  } catch (error) {
    if (path !== '') return codeOf(error);
    throw new MizerError('E_ROOT_GONE', `The root ${root} cannot be read (${codeOf(error)}).`, {
      group: 'failed',
      hint: 'See whether it is there and may be read; `mzr observe root remove` forgets it.',
      cause: error,
      data: { root },
    });
  }
}
