import { lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import { ManifestBuilder, type Manifest } from '../model/manifest.js';
import { decodeManifest } from '../model/manifest-codec.js';
import { join, parentOf, type TreePath } from '../model/tree-path.js';
import { Background } from './background.js';
import { clockTick, statOf, toEntry } from './look.js';
import { codeOf, locate } from './tree-location.js';

export interface WalkOptions {
  /** Paths that are left out with all below them. */
  readonly exclude?: readonly TreePath[];
  /** Only these paths and what is below them; one that is not there is no error. Everything when absent. */
  readonly within?: readonly TreePath[];
  /** Do not enter directories that another file system is mounted on; they are listed themselves. */
  readonly oneFileSystem?: boolean;
}

/** A path that could not be looked at, and why (`EACCES`, `ENAMETOOLONG`, …). Of a directory: what is in it is unknown. */
export interface PathError {
  readonly path: TreePath;
  readonly code: string;
}

export interface WalkResult {
  readonly manifest: Manifest;
  readonly errors: readonly PathError[];
  /** Whether something belongs to another user or group than this process. */
  readonly foreign: boolean;
}

/** A walk's result as it crosses threads. */
export interface EncodedWalk {
  readonly bytes: Uint8Array;
  readonly errors: readonly PathError[];
  readonly foreign: boolean;
}

const worker = new Background<{ readonly root: string; readonly options: WalkOptions }, EncodedWalk>(
  new URL('./walk-worker.js', import.meta.url),
  2_000,
);

/**
 * Looks at every entry of the tree at `root` as `walkSync` does, in a worker thread that stays for the next walk. Walks wait for one
 * another.
 * @param root an absolute path, as text
 */
export async function walk(root: string, options: WalkOptions = {}): Promise<WalkResult> {
  const { bytes, errors, foreign } = await worker.ask({ root, options });
  return { manifest: decodeManifest(bytes), errors, foreign };
}

/**
 * Looks at every entry of the tree at `root`, the root itself excepted, and blocks meanwhile; `walk` does it in a worker. Follows no
 * link, opens no file. What vanishes meanwhile is left out; what cannot be read is listed and the rest goes on.
 * @param root an absolute path, as text
 */
export function walkSync(root: string, options: WalkOptions = {}): WalkResult {
  const walker = new Walker(root, options);
  const within = new Set(options.within ?? ['']);
  for (const path of within) if (path === '' || !liesIn(parentOf(path), within)) walker.start(path, true);
  return walker.result();
}

/** Looks at these paths only, not at what is below them, and blocks meanwhile; otherwise like `walkSync`. */
export function lookSync(root: string, paths: Iterable<TreePath>, exclude: readonly TreePath[] = []): WalkResult {
  const walker = new Walker(root, { exclude });
  for (const path of new Set(paths)) if (path !== '') walker.start(path, false);
  return walker.result();
}

/** Whether `path` or a directory above it, the root included, is one of `places`. */
export function liesIn(path: TreePath, places: ReadonlySet<TreePath>): boolean {
  for (let at = path; at !== ''; at = parentOf(at)) if (places.has(at)) return true;
  return places.has('');
}

/** A directory that is listed and not yet entered. */
interface Waiting {
  readonly key: string;
  readonly path: TreePath;
  readonly device: bigint;
}

class Walker {
  readonly #builder = new ManifestBuilder(4096);
  readonly #errors: PathError[] = [];
  #foreign = false;
  readonly #user = BigInt(process.geteuid?.() ?? 0);
  readonly #group = BigInt(process.getegid?.() ?? 0);
  readonly #root: string;
  readonly #tick: bigint;
  readonly #excluded: ReadonlySet<TreePath>;
  /** Directories that hold something excluded: elsewhere names need not be looked up. */
  readonly #excludingParents: ReadonlySet<TreePath>;
  readonly #device: bigint | undefined;
  /** What was found out about directories above starting points. */
  readonly #directories = new Map<TreePath, boolean>();

  constructor(root: string, { exclude = [], oneFileSystem = false }: WalkOptions) {
    this.#root = root;
    this.#tick = clockTick(root);
    this.#excluded = new Set(exclude);
    this.#excludingParents = new Set(exclude.map(parentOf));
    this.#device = oneFileSystem ? lstatSync(root, { bigint: true, throwIfNoEntry: false })?.dev : undefined;
  }

  result(): WalkResult {
    return { manifest: this.#builder.build(), errors: this.#errors, foreign: this.#foreign };
  }

  /** Takes `path`, and with `deep` all below it, unless a link or something excluded leads there. */
  start(path: TreePath, deep: boolean): void {
    if (liesIn(path, this.#excluded) || !this.#isDirectory(parentOf(path))) return;
    if (path === '') {
      this.#directory('');
      return;
    }
    const stats = this.#look(path);
    if (stats === undefined) return;
    this.#builder.add(toEntry(path, stats, this.#tick));
    if (deep && stats.isDirectory()) this.#descend({ key: '', path, device: stats.dev });
  }

  /** Whether only real directories, no links, lead to `path` and it is one. */
  #isDirectory(path: TreePath): boolean {
    if (path === '') return true;
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const is = this.#isDirectory(parentOf(path)) && this.#look(path)?.isDirectory() === true;
    this.#directories.set(path, is);
    return is;
  }

  #directory(path: TreePath): void {
    let names: string[];
    const directory = locate(this.#root, path);
    try {
      names = readdirSync(directory, { encoding: 'latin1' });
    } catch (error) {
      // Gone since its parent was read, or now something else: what it is now the next walk tells.
      const code = codeOf(error);
      if (path === '' || (code !== 'ENOENT' && code !== 'ENOTDIR')) this.#errors.push({ path, code });
      return;
    }
    if (this.#excludingParents.has(path)) names = names.filter((name) => !this.#excluded.has(join(path, name)));
    names.sort();
    // What is in a directory sorts by `name/`, and so after a sibling `name-x`: a directory waits until its turn comes. Whatever joins
    // those that wait extends their names by a byte before '/', and so comes before them: they are a stack.
    const waiting: Waiting[] = [];
    for (const name of names) {
      const child = path === '' ? name : `${path}/${name}`;
      while ((waiting.at(-1)?.key ?? name) < name) this.#descend(waiting.pop());
      const stats = this.#look(child);
      if (stats === undefined) continue;
      this.#builder.add(toEntry(child, stats, this.#tick));
      if (stats.isDirectory()) waiting.push({ key: `${name}/`, path: child, device: stats.dev });
    }
    while (waiting.length > 0) this.#descend(waiting.pop());
  }

  #descend(directory: Waiting | undefined): void {
    if (directory === undefined) return;
    if (this.#device === undefined || directory.device === this.#device) this.#directory(directory.path);
  }

  #look(path: TreePath): BigIntStats | undefined {
    try {
      const stats = statOf(this.#root, path);
      this.#foreign ||= stats !== undefined && (stats.uid !== this.#user || stats.gid !== this.#group);
      return stats;
    } catch (error) {
      this.#errors.push({ path, code: codeOf(error) });
      return undefined;
    }
  }
}
