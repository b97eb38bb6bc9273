import { chmodSync, linkSync, mkdirSync, readlinkSync, symlinkSync, unlinkSync, type BigIntStats } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFifo } from '../linux/fifo.js';
import { isWhiteout, makeWhiteout } from '../linux/overlay-files.js';
import { setTimes } from '../linux/times.js';
import { getAttribute, listAttributes, setAttribute } from '../linux/xattr.js';
import type { Entry } from '../model/entry.js';
import { parentOf, type TreePath } from '../model/tree-path.js';
import { isOutOfSpace, writeError } from './atomic.js';
import { copyContent, type CloneSupport } from './copy-content.js';
import { clockTick, statOf, toEntry } from './look.js';
import { giveOwner } from './ownership.js';
import { removeTree } from './remove-tree.js';
import { codeOf, locate } from './tree-location.js';

/** How often an entry that changes while it is copied is copied. */
const ATTEMPTS = 5;

/** What became of one entry. `entry` is what the source was when it was copied. */
export type CopyOutcome =
  | { readonly state: 'copied'; readonly entry: Entry }
  /** Copied, though it changed during each of five attempts: its content may be of two moments. */
  | { readonly state: 'unstable'; readonly entry: Entry }
  /** A socket: it means nothing without the process that listens. */
  | { readonly state: 'skipped'; readonly entry: Entry }
  /** Not in the source, and so no longer in the copy; of a directory also what was copied below it. */
  | { readonly state: 'gone' }
  /** Could not be read (`EACCES`, …), or is a device, which cannot be made (`EPERM`). */
  | { readonly state: 'failed'; readonly code: string };

/** Copies of single entries of one tree into another. Keeps hard links among what it copies. Call `finish` at the end. */
export class CopyBatch {
  readonly from: string;
  readonly to: string;
  readonly #tick: bigint;
  readonly #clone: CloneSupport = { canClone: true };
  /** First copies of files with several names. */
  readonly #links = new Map<string, { readonly path: TreePath; readonly stats: BigIntStats }>();
  readonly #directories = new Map<TreePath, BigIntStats>();

  /** Both roots are absolute paths, as text, of directories that exist. */
  constructor(from: string, to: string) {
    this.from = from;
    this.to = to;
    this.#tick = clockTick(from);
  }

  /**
   * Makes what stands at `path` in the copy equal to the source: kind, content, mode, times in nanoseconds, extended attributes, holes,
   * and the owner where this process is root. Directories above it that are missing come along. Of a directory only itself is
   * copied, and its mode and times come with `finish`. Follows no link.
   * @throws MizerError `E_DISK_FULL`, `E_WRITE_FAILED`
   */
  async copy(path: TreePath): Promise<CopyOutcome> {
    try {
      this.#makeParents(path);
      return await this.#copyUntilAtRest(path);
    } catch (error) {
      const code = codeOf(error);
      if (isOutOfSpace(code) || code === 'EROFS') throw writeError(`${this.to}/${path}`, error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return this.#dropCopy(path);
      this.#dropCopy(path);
      return { state: 'failed', code };
    }
  }

  /**
   * Gives the directories that were copied their modes and times.
   * @returns these directories
   */
  finish(): TreePath[] {
    const deepestFirst = [...this.#directories].sort(([left], [right]) => (left < right ? 1 : -1));
    for (const [path, stats] of deepestFirst) {
      const at = locate(this.to, path);
      chmodSync(at, Number(stats.mode & 0o7777n));
      setTimes(at, stats.atimeNs, stats.mtimeNs);
    }
    this.#directories.clear();
    return deepestFirst.map(([path]) => path);
  }

  async #copyUntilAtRest(path: TreePath): Promise<CopyOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      const before = statOf(this.from, path);
      if (before === undefined) return this.#dropCopy(path);
      const made = await this.#copyOnce(path, before);
      const after = statOf(this.from, path);
      if (after === undefined) return this.#dropCopy(path);
      const entry = toEntry(path, after, this.#tick);
      if (!made) return { state: 'skipped', entry };
      if (isSame(before, after)) return { state: 'copied', entry };
      // What is true of the copy is the earlier look; whoever compares sees that the source went on.
      if (attempt === ATTEMPTS) return { state: 'unstable', entry: toEntry(path, before, this.#tick) };
      await sleep(attempt * 5);
    }
  }

  /** @returns false for what is not copied at all */
  async #copyOnce(path: TreePath, stats: BigIntStats): Promise<boolean> {
    const [from, to] = [locate(this.from, path), locate(this.to, path)];
    if (stats.isDirectory()) {
      this.#copyDirectory(path, stats);
      return true;
    }
    this.#directories.delete(path);
    removeTree(to);
    if (stats.isSocket()) return false;
    if (stats.nlink > 1n && this.#linkToFirst(path, stats)) return true;
    if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: 'buffer' }), to);
    else if (stats.isFIFO()) makeFifo(to, 0o600);
    else if (isWhiteout(stats)) makeWhiteout(to);
    else if (stats.isFile()) {
      const extent = { size: Number(stats.size), allocated: Number(stats.blocks) * 512 };
      await copyContent(from, to, extent, this.#clone);
    } else throw Object.assign(new Error(`${path} is a device`), { code: 'EPERM' });
    copyAttributes(from, to);
    giveOwner(to, stats);
    if (!stats.isSymbolicLink()) chmodSync(to, Number(stats.mode & 0o7777n));
    setTimes(to, stats.atimeNs, stats.mtimeNs);
    if (stats.nlink > 1n) this.#links.set(`${stats.dev}:${stats.ino}`, { path, stats });
    return true;
  }

  #linkToFirst(path: TreePath, stats: BigIntStats): boolean {
    const first = this.#links.get(`${stats.dev}:${stats.ino}`);
    if (first === undefined || first.path === path || !isSame(first.stats, stats)) return false;
    linkSync(locate(this.to, first.path), locate(this.to, path));
    return true;
  }

  #copyDirectory(path: TreePath, stats: BigIntStats): void {
    const [from, to] = [locate(this.from, path), locate(this.to, path)];
    const present = statOf(this.to, path);
    if (present !== undefined && !present.isDirectory()) unlinkSync(to);
    if (present?.isDirectory() === true) chmodSync(to, 0o700);
    else mkdirSync(to, 0o700);
    copyAttributes(from, to);
    giveOwner(to, stats);
    // Writable until `finish`, whatever the source is.
    chmodSync(to, 0o700);
    this.#directories.set(path, stats);
  }

  /** Directories above `path` that this batch has not touched yet; when it has, what is in them may be written. */
  #makeParents(path: TreePath): void {
    const parent = parentOf(path);
    if (parent === '' || this.#directories.has(parent)) return;
    this.#makeParents(parent);
    const stats = statOf(this.from, parent);
    if (stats?.isDirectory() !== true) throw Object.assign(new Error(`${parent} is no directory`), { code: 'ENOTDIR' });
    this.#copyDirectory(parent, stats);
  }

  #dropCopy(path: TreePath): CopyOutcome {
    for (const directory of this.#directories.keys()) {
      if (directory === path || directory.startsWith(`${path}/`)) this.#directories.delete(directory);
    }
    removeTree(locate(this.to, path));
    return { state: 'gone' };
  }
}

/** Whether nothing was done to an entry between two looks. */
function isSame(before: BigIntStats, after: BigIntStats): boolean {
  if (before.isDirectory() && after.isDirectory()) return true;
  return (
    before.ino === after.ino &&
    before.dev === after.dev &&
    before.mode === after.mode &&
    before.size === after.size &&
    before.mtimeNs === after.mtimeNs &&
    before.ctimeNs === after.ctimeNs
  );
}

function copyAttributes(from: string | Buffer, to: string | Buffer): void {
  for (const name of listAttributes(from)) {
    const value = getAttribute(from, name);
    if (value === undefined) continue;
    try {
      setAttribute(to, name, value);
    } catch (error) {
      // Other name spaces (`security.`, `trusted.`) belong to the administrator; what cannot be kept there, `cp -a` drops as well.
      if (isOutOfSpace(codeOf(error))) throw error;
    }
  }
}
