import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, removeLeftovers, writeAtomic } from '../disk/atomic.js';
import { codeOf } from '../disk/tree-location.js';
import { MizerError } from '../model/errors.js';
import { nearest } from '../model/nearest.js';
import { fromText, isWithin, type TreePath } from '../model/tree-path.js';
import { readInitPolicy } from './init-policy.js';
import type { Limit } from './limits.js';
import { readPatterns } from './patterns.js';
import { realPathOf } from './real-path.js';
import { ensurePrivate, stateDirectory, whileLocked } from './state-directory.js';

/** What is known of a root: a directory below which directories are found and observed. All text. */
export interface Root {
  /** Absolute, as it was given; it may be a link. */
  readonly path: string;
  /** Lines `<action> <glob>`. */
  readonly patterns: string;
  /** Each `<levels> <path>`. */
  readonly enabledPaths: readonly string[];
  /** Lines `<policy> <glob>`, or one policy for all; when it is empty every candidate gets `enter-subdirs`. */
  readonly initPolicy: string;
  readonly limits: readonly Limit[];
  /** ISO time. */
  readonly addedAt: string;
}

export type RootSettings = Omit<Root, 'path' | 'addedAt'>;

/** A root of which nothing is said is itself what is to be observed. */
export const defaultSettings: RootSettings = { patterns: 'repo .\n', enabledPaths: [], initPolicy: '', limits: [] };

interface Stored {
  readonly version: 1;
  readonly roots: readonly Root[];
}

const patienceMs = 10_000;

/**
 * The user's roots, kept in one JSON file that is replaced in one step, under a lock that the kernel gives back when its holder ends.
 *
 * Why no database: what is kept is a list of some roots that a person edits, read whole at every use, a few kilobytes. Node 20 has no
 * SQLite. better-sqlite3 and lmdb are compiled or fetched for the machine at installation, which the package otherwise never needs;
 * builds of SQLite for WebAssembly keep the file in memory (sql.js) or have file locks of their own making that a killed process leaves
 * behind (node-sqlite3-wasm). `writeAtomic` gives what a database is wanted for here: after `kill -9` or a power cut the old list or the
 * new one; `flock` makes of two writers one after the other; and the file can be read in an editor ten years from now.
 */
export class Registry {
  readonly directory: string;
  readonly #file: string;

  /** @param directory the registry's own, made when it is first written; `stateDirectory()` by default */
  constructor(directory = stateDirectory()) {
    this.directory = directory;
    this.#file = join(directory, 'roots.json');
  }

  /** All roots in the order of their paths. @throws MizerError `E_STATE_CORRUPT` */
  async roots(): Promise<readonly Root[]> {
    const stored = await readJson(this.#file, isStored);
    return stored?.roots ?? [];
  }

  /** @throws MizerError `E_ROOT_UNKNOWN`, `E_STATE_CORRUPT` */
  async root(path: string): Promise<Root> {
    return find(await this.roots(), path);
  }

  /** @throws MizerError `E_ROOT_EXISTS`, `E_ROOT_GONE`, `E_PATH_NOT_UTF8`, `E_PATTERN_INVALID`, `E_REGISTRY_BUSY`, `E_STATE_DIRECTORY`, `E_STATE_CORRUPT` */
  async add(path: string, settings: RootSettings): Promise<Root> {
    checkSettings(settings);
    const real = resolveRoot(path);
    return this.#change((roots) => {
      const same = roots.find((root) => sameDirectory(root.path, real));
      if (same !== undefined) throw exists(same.path);
      const root = { path, ...settings, addedAt: new Date().toISOString() };
      return { roots: [...roots, root], answer: root };
    });
  }

  /** Replaces what is given of a root's settings. @throws as `add`, and `E_ROOT_UNKNOWN` */
  set(path: string, settings: Partial<RootSettings>): Promise<Root> {
    return this.#change((roots) => {
      const old = find(roots, path);
      const root = { ...old, ...settings };
      checkSettings(root);
      return { roots: roots.map((one) => (one === old ? root : one)), answer: root };
    });
  }

  /** Forgets a root; its shadow repositories stay. @throws MizerError `E_ROOT_UNKNOWN`, `E_REGISTRY_BUSY`, `E_STATE_CORRUPT` */
  remove(path: string): Promise<Root> {
    return this.#change((roots) => {
      const old = find(roots, path);
      return { roots: roots.filter((one) => one !== old), answer: old };
    });
  }

  async #change<T>(
    change: (roots: readonly Root[]) => { readonly roots: readonly Root[]; readonly answer: T },
  ): Promise<T> {
    ensurePrivate(this.directory);
    const done = await whileLocked(join(this.directory, 'roots.lock'), patienceMs, async () => {
      await removeLeftovers(this.directory);
      const { roots, answer } = change(await this.roots());
      const ordered = roots.toSorted((a, b) => (fromText(a.path) < fromText(b.path) ? -1 : 1));
      const stored: Stored = { version: 1, roots: ordered };
      await writeAtomic(this.#file, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600 });
      return answer;
    });
    if (done !== undefined) return done.value;
    throw new MizerError('E_REGISTRY_BUSY', 'The registry of roots is being changed by another command.', {
      hint: 'Try again in a moment.',
      data: { path: this.#file },
    });
  }
}

/**
 * The directory a root stands for: without links.
 * @throws MizerError `E_ROOT_GONE` where it is not there or no directory, `E_PATH_NOT_UTF8`
 */
export function resolveRoot(path: string): string {
  let reason = 'it is not a directory';
  try {
    const real = realPathOf(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    if (error instanceof MizerError) throw error;
    reason = codeOf(error);
  }
  throw new MizerError('E_ROOT_GONE', `The root ${path} cannot be used: ${reason}.`, {
    group: 'failed',
    hint: 'See whether it is there and may be read; `mzr observe root list` shows the roots.',
    data: { root: path },
  });
}

/**
 * What below a root is not its business: other roots, of which the longest decides, and where shadow repositories lie. Absolute and
 * without links.
 * @param real the root itself, resolved
 */
export function elsewhereOf(real: string, roots: readonly Root[], shadows: string): ReadonlySet<string> {
  const places = new Set([...roots.map(({ path }) => path), shadows].map(realOrSame));
  places.delete(real);
  return places;
}

/** A path without links, or as it is where nothing is there. */
export function realOrSame(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Of several roots that contain a path the longest decides. All absolute and without links. @returns `undefined` where none does */
export function decidingRoot(roots: readonly string[], path: string): string | undefined {
  return roots
    .filter((root) => isWithin(path, root === '/' ? '' : root))
    .reduce<string | undefined>((longest, root) => (root.length > (longest?.length ?? -1) ? root : longest), undefined);
}

/** A path below a root, which contains it, as patterns speak of it. */
export function relativeTo(root: string, path: string): TreePath {
  return path === root ? '' : fromText(path.slice(root === '/' ? 1 : root.length + 1));
}

function checkSettings({ patterns, enabledPaths, initPolicy }: RootSettings): void {
  readPatterns(fromText(patterns), enabledPaths.map(fromText));
  readInitPolicy(fromText(initPolicy));
}

function find(roots: readonly Root[], path: string): Root {
  const found = roots.find((root) => root.path === path) ?? roots.find((root) => sameDirectory(root.path, path));
  if (found !== undefined) return found;
  const near = nearest(
    path,
    roots.map((root) => root.path),
  );
  throw new MizerError('E_ROOT_UNKNOWN', `${path} is not a root.`, {
    hint:
      near === undefined
        ? 'Add it with `mzr observe root add`.'
        : `Did you mean ${near}? See \`mzr observe root list\`.`,
    data: { root: path },
  });
}

function sameDirectory(a: string, b: string): boolean {
  return a === b || realOrSame(a) === realOrSame(b);
}

function exists(path: string): MizerError {
  return new MizerError('E_ROOT_EXISTS', `${path} is a root already.`, {
    hint: `Change it with \`mzr observe root set ${path}\`.`,
    data: { root: path },
  });
}

function isStored(value: unknown): value is Stored {
  return isRecord(value) && value['version'] === 1 && Array.isArray(value['roots']) && value['roots'].every(isRoot);
}

function isRoot(value: unknown): value is Root {
  if (!isRecord(value)) return false;
  const { path, patterns, enabledPaths, initPolicy, limits, addedAt } = value;
  const texts = [path, patterns, initPolicy, addedAt].every((one) => typeof one === 'string');
  const enabled = Array.isArray(enabledPaths) && enabledPaths.every((one) => typeof one === 'string');
  return texts && enabled && Array.isArray(limits) && limits.every(isLimit);
}

function isLimit(value: unknown): value is Limit {
  if (!isRecord(value)) return false;
  const { prefix, entries, bytes } = value;
  return typeof prefix === 'string' && [entries, bytes].every((one) => one === undefined || typeof one === 'number');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
