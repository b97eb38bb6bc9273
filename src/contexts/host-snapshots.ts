import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeAtomic } from '../disk/atomic.js';
import { copyTree, type CopyProgress } from '../disk/copy.js';
import { locate } from '../disk/tree-location.js';
import { statOf, toEntry, clockTick } from '../disk/look.js';
import { walk } from '../disk/walk.js';
import { mountsOf } from '../linux/mountinfo.js';
import { compareManifests } from '../model/compare.js';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import { decodeManifest, encodeManifest } from '../model/manifest-codec.js';
import { manifestOf, patch, type Manifest } from '../model/manifest.js';
import { fromText, isWithin, parentOf, type TreePath } from '../model/tree-path.js';
import { copyInto } from './copy-into.js';
import { statIn } from './layer-stack.js';
import { sameContent } from './tree-files.js';
import type { SnapshotRecord } from './records.js';
import { plainStore } from './locate.js';
import type { Store } from './store.js';
import { writeThinLayer } from './thin-layer.js';

/** What may have changed in the host view since the last question; `undefined`: anything. */
export interface Touched {
  readonly paths: ReadonlySet<TreePath>;
  /** Directories in which anything may have changed. */
  readonly subtrees: readonly TreePath[];
}

export interface HostInfo {
  readonly head?: string;
  readonly branch?: string;
}

export interface SnapshotOptions {
  readonly touched: Touched | undefined;
  readonly info: HostInfo;
  /** Kept until it is dropped by name. */
  readonly kept: boolean;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** The newest snapshot of the host view, and what `lstat` said of every entry of the host view that it holds. */
interface HostState {
  readonly snapshot: string;
  readonly manifest: Manifest;
}

/** What a look at the host view finds. */
interface Look {
  readonly now: Manifest;
  readonly changed: readonly Entry[];
  readonly removed: readonly TreePath[];
}

const manifestFile = 'host.manifest';
const patchFile = 'host.patch';
const removedFile = 'host.removed';

/**
 * Snapshots of the host view. The first copies everything; a later one is a thin layer of what differs from the last. The caller holds the
 * store's lock.
 */
export class HostSnapshots {
  readonly #store: Store;
  #state: HostState | undefined;
  /** What may differ from the newest snapshot: all that was touched since it was taken. `undefined`: anything. */
  #touched: Touched | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Tree paths that are never part of a snapshot: git's own directory, the store of a plain work tree, and what other file systems are
   * mounted on, which every context sees as the host view does.
   */
  excluded(): TreePath[] {
    return ['.git', plainStore, ...this.mountsInside()];
  }

  /** Tree paths inside the work tree that something is mounted on. */
  mountsInside(): TreePath[] {
    const top = `${fromText(this.#store.workTree)}/`;
    const inside = mountsOf('self')
      .map((mount) => mount.mountPoint)
      .filter((point) => point.startsWith(top))
      .map((point) => point.slice(top.length));
    return [...new Set(inside)].filter((path) => !inside.some((other) => other !== path && isWithin(path, other)));
  }

  /**
   * A snapshot of the host view as it is now: the last one where nothing changed.
   * @throws MizerError `E_DISK_FULL` and what `copyTree` throws; the store is then as it was
   */
  async take(options: SnapshotOptions): Promise<SnapshotRecord> {
    this.#note(options.touched);
    const record = await this.#take(options);
    // Only now: what was touched before a snapshot that failed must be looked at again.
    this.#touched = { paths: new Set(), subtrees: [] };
    return record;
  }

  #note(touched: Touched | undefined): void {
    const before = this.#touched;
    const isKnown = before !== undefined && touched !== undefined;
    this.#touched = isKnown
      ? { paths: new Set([...before.paths, ...touched.paths]), subtrees: [...before.subtrees, ...touched.subtrees] }
      : undefined;
  }

  async #take(options: SnapshotOptions): Promise<SnapshotRecord> {
    const state = (this.#state ??= await this.#load());
    if (state === undefined) return this.#first(options);
    const look = await this.#look(state.manifest, this.#touched);
    const real = await this.#withoutEqual(look.changed, state);
    const last = await this.#store.snapshot(state.snapshot);
    if (real.length === 0 && look.removed.length === 0) {
      this.#state = { snapshot: state.snapshot, manifest: look.now };
      if (!options.kept || last.kept) return last;
    }
    return this.#next({ ...look, changed: real }, last, options);
  }

  /**
   * Walks the host view and counts what differs from the newest snapshot though no watch spoke of it: nought, or the watch is wrong.
   * @param ask what was touched since the last question
   */
  async verify(ask: () => Promise<Touched | undefined>): Promise<number> {
    const state = this.#state;
    this.#note(await ask());
    if (state === undefined || this.#touched === undefined) return 0;
    const { manifest } = await walk(this.#store.workTree, { exclude: this.excluded() });
    this.#note(await ask());
    const touched = this.#touched;
    if (touched === undefined) return 0;
    const { changed, removed } = compareManifests(state.manifest, manifest);
    const known = withParents(touched.paths);
    const paths = [...changed.filter((entry) => entry.ctimeNs !== 0n).map((entry) => entry.path), ...removed];
    const missed = paths.filter((path) => !known.has(path) && !touched.subtrees.some((subtree) => isWithin(path, subtree) || isWithin(subtree, path)));
    // A watch that was wrong once is not believed: the next snapshot walks.
    if (missed.length > 0) this.#touched = undefined;
    return missed.length;
  }

  /** What the newest snapshot holds; `undefined` before the first. */
  async newest(): Promise<HostState | undefined> {
    return (this.#state ??= await this.#load());
  }

  /** `id` holds what the newest snapshot holds, and build products besides: new contexts stand on it. */
  async standOn(id: string): Promise<void> {
    await writeAtomic(join(this.#store.directory, 'host.json'), JSON.stringify({ snapshot: id }), { mode: 0o600 });
    if (this.#state !== undefined) this.#state = { ...this.#state, snapshot: id };
  }

  async #look(before: Manifest, touched: Touched | undefined): Promise<Look> {
    const root = this.#store.workTree;
    const exclude = this.excluded();
    if (touched === undefined) {
      const { manifest: now } = await walk(root, { exclude });
      return { now, ...compareManifests(before, now) };
    }
    const tick = clockTick(root);
    const put: Entry[] = [];
    const remove: TreePath[] = [];
    for (const path of withParents(touched.paths)) {
      if (exclude.some((out) => isWithin(path, out))) continue;
      const stats = statOf(root, path);
      if (stats === undefined) remove.push(path);
      else put.push(toEntry(path, stats, tick));
    }
    if (touched.subtrees.length > 0) {
      const { manifest } = await walk(root, { exclude, within: touched.subtrees });
      for (const subtree of touched.subtrees) {
        const { start, end } = before.below(subtree);
        for (let row = start; row < end; row += 1) if (manifest.find(before.path(row)) < 0) remove.push(before.path(row));
      }
      put.push(...manifest.entries());
    }
    const now = patch(before, { put, remove });
    const changed = manifestOf(put.filter((entry) => !isSame(before.get(entry.path), entry)));
    const replaced = put.filter((entry) => entry.kind !== 'directory').map((entry) => entry.path);
    return { now, changed: [...changed.entries()], removed: goneFrom(before, now, [...remove, ...replaced]) };
  }

  /** Without the files whose bytes are those of the snapshot, though the kernel's times or inode say that something happened. */
  async #withoutEqual(changed: readonly Entry[], state: HostState): Promise<Entry[]> {
    const layers = await this.#store.layers(state.snapshot);
    return changed.filter((entry) => {
      const before = state.manifest.get(entry.path);
      if (before === undefined || !isAlike(before, entry)) return true;
      const copy = statIn(layers, entry.path);
      return copy === undefined || !sameContent({ entry, at: locate(this.#store.workTree, entry.path) }, copy);
    });
  }

  async #first(options: SnapshotOptions): Promise<SnapshotRecord> {
    const store = this.#store;
    let manifest = manifestOf([]);
    const record = await store.addLayer(async (directory) => {
      const result = await copyTree({
        from: store.workTree,
        to: join(directory, 'tree'),
        exclude: this.excluded(),
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      });
      manifest = result.source;
      writeFileSync(join(directory, manifestFile), encodeManifest(manifest));
      let bytes = 0;
      for (const entry of manifest.entries()) bytes += entry.kind === 'file' ? entry.size : 0;
      return {
        entries: manifest.length,
        bytes,
        promoted: false,
        kept: options.kept,
        unstable: result.unstable,
        unreadable: result.errors.map((error) => error.path),
        ...options.info,
      };
    });
    this.#state = { snapshot: record.id, manifest };
    await this.standOn(record.id);
    return record;
  }

  async #next(look: Look, last: SnapshotRecord, options: SnapshotOptions): Promise<SnapshotRecord> {
    const store = this.#store;
    let manifest = look.now;
    const record = await store.addLayer(async (directory) => {
      const content = { put: look.changed, removed: look.removed };
      const tree = join(directory, 'tree');
      const written = await writeThinLayer(store.workTree, tree, content, look.now, (entries) =>
        copyInto(store.workTree, tree, entries),
      );
      manifest = patch(look.now, { put: written.copied, remove: written.gone });
      const directories = look.changed.filter((entry) => entry.kind === 'directory');
      writeDelta(directory, [...directories, ...written.copied], [...look.removed, ...written.gone]);
      return {
        below: last.id,
        entries: look.changed.length + look.removed.length,
        bytes: written.copied.reduce((sum, entry) => sum + entry.size, 0),
        promoted: false,
        kept: options.kept,
        unstable: written.unstable,
        unreadable: written.unreadable,
        ...options.info,
      };
    });
    this.#state = { snapshot: record.id, manifest };
    await this.standOn(record.id);
    return record;
  }

  /** The state as the last process left it. Where it cannot be read, the next snapshot is a first one again. */
  async #load(): Promise<HostState | undefined> {
    const newest = await readJson(join(this.#store.directory, 'host.json'), isNewest);
    if (newest === undefined) return undefined;
    try {
      const patches: string[] = [];
      for (const { id } of await this.#store.lineage(newest.snapshot)) {
        const directory = this.#store.layerDirectory(id);
        const whole = readIfThere(join(directory, manifestFile));
        if (whole === undefined) {
          patches.push(directory);
          continue;
        }
        const manifest = patches.reverse().reduce(applyDelta, decodeManifest(whole));
        return { snapshot: newest.snapshot, manifest };
      }
      return undefined;
    } catch (error) {
      if (error instanceof MizerError) return undefined;
      throw error;
    }
  }
}

function isNewest(value: unknown): value is { readonly snapshot: string } {
  return typeof value === 'object' && value !== null && 'snapshot' in value && typeof value.snapshot === 'string';
}

/** What a thin layer of the host view adds to the one below, written beside its tree. */
export function writeDelta(directory: string, put: readonly Entry[], removed: readonly TreePath[]): void {
  writeFileSync(join(directory, patchFile), encodeManifest(manifestOf(put)));
  writeFileSync(join(directory, removedFile), removed.join('\0'), 'latin1');
}

/** What `writeDelta` wrote; `undefined` for a layer that holds banked build products or a whole tree. */
export function readDelta(directory: string): { readonly put: readonly Entry[]; readonly remove: readonly TreePath[] } | undefined {
  const put = readIfThere(join(directory, patchFile));
  const removed = readIfThere(join(directory, removedFile));
  if (put === undefined || removed === undefined) return undefined;
  return {
    put: [...decodeManifest(put).entries()],
    remove: removed.length === 0 ? [] : Buffer.from(removed).toString('latin1').split('\0'),
  };
}

function applyDelta(manifest: Manifest, directory: string): Manifest {
  const delta = readDelta(directory);
  return delta === undefined ? manifest : patch(manifest, delta);
}

function readIfThere(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The paths and all directories above them, the root excepted: a name that comes or goes changes its directory's time. */
function withParents(paths: ReadonlySet<TreePath>): Set<TreePath> {
  const all = new Set<TreePath>();
  for (const path of paths) for (let at = path; at !== '' && !all.has(at); at = parentOf(at)) all.add(at);
  return all;
}

/** Every path of `before` at or below `candidates` that is not in `now`. */
function goneFrom(before: Manifest, now: Manifest, candidates: readonly TreePath[]): TreePath[] {
  const gone = new Set<TreePath>();
  for (const path of candidates) {
    const { start, end } = before.below(path);
    for (const other of [path, ...Array.from({ length: end - start }, (_, row) => before.path(start + row))]) {
      if (before.find(other) >= 0 && now.find(other) < 0) gone.add(other);
    }
  }
  return [...gone].sort();
}

function isSame(before: Entry | undefined, now: Entry): boolean {
  return before !== undefined && isAlike(before, now) && before.ctimeNs === now.ctimeNs && before.ino === now.ino;
}

/** Alike in all that a copy keeps. */
function isAlike(before: Entry, now: Entry): boolean {
  return before.kind === now.kind && before.mode === now.mode && before.size === now.size && before.mtimeNs === now.mtimeNs;
}
