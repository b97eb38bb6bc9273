import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { git } from '../git/run.js';
import { MizerError } from '../model/errors.js';
import { fromText, type TreePath } from '../model/tree-path.js';

/** An ordinary git repository that versions what is known about a real directory. */
export interface Shadow {
  /** The repository's work tree: `<shadow root>/<real path>/<uuid>.fso`. */
  readonly path: string;
  readonly gitDir: string;
  readonly uuid: string;
  /** What it observes (`fso.realdir`), absolute. */
  readonly realDirectory: string;
  /** Whether directories have totals (`fso.rollup`). */
  readonly rollup: boolean;
}

export interface ShadowOptions {
  /** Where shadow repositories lie; `shadowRoot()` by default. */
  readonly shadowRoot?: string;
}

export const BRANCHES = ['master-stub', 'master-stat', 'master-sha', 'master-content'] as const;

/** `$MIZER_SHADOW_ROOT`, else `$XDG_DATA_HOME/mizer/shadows` (`~/.local/share`). */
export function shadowRoot(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['MIZER_SHADOW_ROOT'];
  if (given?.startsWith('/') === true) return given;
  const data = env['XDG_DATA_HOME'];
  return join(data?.startsWith('/') === true ? data : join(env['HOME'] ?? homedir(), '.local/share'), 'mizer/shadows');
}

/**
 * The shadow repository at `place`, or that of the real directory at `place`.
 * @throws MizerError `E_SHADOW_UNKNOWN` where there is none, `E_SHADOW_HURT` where it lacks what it needs
 */
export async function openShadow(place: string, options: ShadowOptions = {}): Promise<Shadow> {
  const { shadow, path } = await locateShadow(place, options);
  if (path === '') return shadow;
  throw unknown(place);
}

/**
 * The shadow repository that speaks of `place`: the nearest directory at or above it that has one, and the path of `place` in it.
 * A path inside a shadow repository stands for the root of what that observes.
 * @throws MizerError `E_SHADOW_UNKNOWN`, `E_SHADOW_HURT`
 */
export async function locateShadow(
  place: string,
  options: ShadowOptions = {},
): Promise<{ readonly shadow: Shadow; readonly path: TreePath }> {
  const whole = resolved(place);
  for (let at = whole; ; at = dirname(at)) {
    if (isShadow(at)) return { shadow: await read(at), path: '' };
    const found = shadowOf(at, options.shadowRoot ?? shadowRoot());
    if (found !== undefined) return { shadow: await read(found), path: fromText(relative(at, whole)) };
    if (at === '/') throw unknown(place);
  }
}

/** The path of the repository that observes the real directory, if there is one. */
export function shadowOf(realDirectory: string, root: string): string | undefined {
  const holder = join(root, realDirectory);
  const name = namesIn(holder).find((one) => isShadow(join(holder, one)));
  return name === undefined ? undefined : join(holder, name);
}

/** One that the original made has no file with its id: its name tells. */
function isShadow(path: string): boolean {
  return path.endsWith('.fso') && existsSync(join(path, '.git/fso'));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}

/** `place` without links where it is there, as it is written where it is gone. */
export function resolved(place: string): string {
  const rest: string[] = [];
  for (let at = place; ; at = dirname(at)) {
    try {
      return join(realpathSync(at), ...rest.toReversed());
    } catch {
      if (at === dirname(at)) return place;
      rest.push(relative(dirname(at), at));
    }
  }
}

async function read(path: string): Promise<Shadow> {
  const gitDir = join(path, '.git');
  const { stdout } = await git([`--git-dir=${gitDir}`, 'config', '--null', '--get-regexp', '^fso\\.'], {
    cwd: path,
    answers: [1],
  });
  const settings = new Map(
    stdout
      .toString('utf8')
      .split('\0')
      .map((entry) => {
        const feed = entry.indexOf('\n');
        return feed < 0 ? ([entry, 'true'] as const) : ([entry.slice(0, feed), entry.slice(feed + 1)] as const);
      }),
  );
  const realDirectory = settings.get('fso.realdir');
  if (realDirectory === undefined) {
    throw new MizerError('E_SHADOW_HURT', `The shadow repository ${path} does not say what it observes.`, {
      group: 'failed',
      hint: 'Set it with `git config fso.realdir PATH` in the repository.',
      data: { path },
    });
  }
  const uuid = basename(path, '.fso');
  const rollup = !['false', 'no', 'off', '0', ''].includes((settings.get('fso.rollup') ?? 'true').toLowerCase());
  return { path, gitDir, uuid, realDirectory, rollup };
}

function unknown(place: string): MizerError {
  return new MizerError('E_SHADOW_UNKNOWN', `Nothing observes ${place}.`, {
    hint: 'Make a shadow repository of a directory with `mzr observe init REALDIR`.',
    data: { place },
  });
}
