import { join } from 'node:path';
import { writeAtomic } from '../disk/atomic.js';
import type { CopyProgress } from '../disk/copy.js';
import { locate } from '../disk/tree-location.js';
import { refresh } from '../disk/refresh.js';
import { walk, type PathError } from '../disk/walk.js';
import { ownMounts } from '../linux/mountinfo.js';
import { compareManifests } from '../model/compare.js';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import { manifestOf, patch, type Manifest } from '../model/manifest.js';
import { fromText, isWithin, parentOf, type TreePath } from '../model/tree-path.js';
import { copyInto } from './copy-into.js';
import { loadManifest, writeDelta, writeManifest } from './host-state.js';
import { statIn } from './layer-stack.js';
import { readSound } from './read-sound.js';
import { sameContent } from './tree-files.js';
import type { SnapshotRecord } from './records.js';
import { plainStore } from './locate.js';
import type { Store } from './store.js';
import { isLayerThere } from './subvolume-layer.js';
import { writeThinLayer } from './thin-layer.js';
import { writeWholeLayer } from './whole-layer.js';

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
  /** Everything could be looked at. */
  readonly isWhole: boolean;
}

/**
 * Snapshots of the host view. The first holds everything; a later one is a thin layer of what differs from the last. The caller holds the
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
    const inside = ownMounts()
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
    const { record, isWhole } = await this.#take(options);
    // Only now: what was touched before a snapshot that failed must be looked at again, and so must what could not be looked at.
    this.#touched = isWhole ? { paths: new Set(), subtrees: [] } : undefined;
    return record;
  }

  #note(touched: Touched | undefined): void {
    const before = this.#touched;
    const isKnown = before !== undefined && touched !== undefined;
    this.#touched = isKnown
      ? { paths: new Set([...before.paths, ...touched.paths]), subtrees: [...before.subtrees, ...touched.subtrees] }
      : undefined;
  }

  async #take(options: SnapshotOptions): Promise<{ readonly record: SnapshotRecord; readonly isWhole: boolean }> {
    const state = (this.#state ??= await this.#load());
    if (state === undefined) return { record: await this.#first(options), isWhole: true };
    const look = await this.#look(state.manifest, this.#touched);
    const real = await this.#withoutEqual(look.changed, state);
    const last = await this.#store.snapshot(state.snapshot);
    if (real.length === 0 && look.removed.length === 0) {
      this.#state = { snapshot: state.snapshot, manifest: look.now };
      // Asked for by a person, it is of now: the commit may be another since the files were looked at.
      const record = options.kept && !last.kept ? { ...last, ...options.info, kept: true } : last;
      if (record !== last) await this.#store.writeSnapshot(record);
      return { record, isWhole: look.isWhole };
    }
    return { record: await this.#next({ ...look, changed: real }, last, options), isWhole: look.isWhole };
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
    const paths = [
      ...changed.filter((entry) => isOther(state.manifest.get(entry.path), entry)).map((entry) => entry.path),
      ...removed,
    ];
    const missed = paths.filter(
      (path) =>
        !known.has(path) && !touched.subtrees.some((subtree) => isWithin(path, subtree) || isWithin(subtree, path)),
    );
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
      const { manifest, errors } = await walk(root, { exclude });
      const now = withUnseen(manifest, before, errors);
      return { now, ...compareManifests(before, now), isWhole: errors.length === 0 };
    }
    const { manifest: now, changed, removed, errors } = refresh(root, before, { trusted: true, ...touched }, exclude);
    return { now, changed, removed, isWhole: errors.length === 0 };
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
      const { source, unstable, unreadable } = await writeWholeLayer(
        store,
        directory,
        this.excluded(),
        options.onProgress,
      );
      manifest = source;
      writeManifest(directory, manifest);
      let bytes = 0;
      for (const entry of manifest.entries()) bytes += entry.kind === 'file' ? entry.size : 0;
      return {
        entries: manifest.length,
        bytes,
        promoted: false,
        kept: options.kept,
        unstable,
        unreadable,
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
    const newest = await readSound(join(this.#store.directory, 'host.json'), isNewest);
    if (newest === undefined) return undefined;
    const lineage = await this.#store.lineage(newest.snapshot).catch((error: unknown) => {
      if (error instanceof MizerError) return [];
      throw error;
    });
    if (!lineage.every(({ id }) => isLayerThere(this.#store.layerTree(id)))) return undefined;
    const manifest = loadManifest(lineage.map(({ id }) => this.#store.layerDirectory(id)));
    return manifest && { snapshot: newest.snapshot, manifest };
  }
}

function isNewest(value: unknown): value is { readonly snapshot: string } {
  return typeof value === 'object' && value !== null && 'snapshot' in value && typeof value.snapshot === 'string';
}

/** The paths and all directories above them, the root excepted: a name that comes or goes changes its directory's time. */
function withParents(paths: ReadonlySet<TreePath>): Set<TreePath> {
  const all = new Set<TreePath>();
  for (const path of paths) for (let at = path; at !== '' && !all.has(at); at = parentOf(at)) all.add(at);
  return all;
}

/** What cannot be looked at is taken to be what it was. */
function withUnseen(now: Manifest, before: Manifest, errors: readonly PathError[]): Manifest {
  const put: Entry[] = [];
  for (const { path } of errors) {
    const { start, end } = before.below(path);
    const self = now.find(path) < 0 ? before.get(path) : undefined;
    if (self !== undefined) put.push(self);
    put.push(...before.entries(start, end));
  }
  return put.length === 0 ? now : patch(now, { put, remove: [] });
}

/** Times of change and inodes differ without a change as well: another name for a file, an interrupted write. */
function isOther(before: Entry | undefined, now: Entry): boolean {
  return before === undefined || !isAlike(before, now);
}

/** Alike in all that a copy keeps. */
function isAlike(before: Entry, now: Entry): boolean {
  return (
    before.kind === now.kind && before.mode === now.mode && before.size === now.size && before.mtimeNs === now.mtimeNs
  );
}
