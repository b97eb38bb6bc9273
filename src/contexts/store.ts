import { randomBytes } from 'node:crypto';
import { existsSync, closeSync, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { flushDirectory, readJson, removeLeftovers, writeAtomic, writeError } from '../disk/atomic.js';
import { discard, emptyTrash } from '../disk/trash.js';
import { subvolumeId } from '../linux/btrfs.js';
import { takeLock } from '../linux/flock.js';
import { nearest } from '../model/nearest.js';
import { MizerError } from '../model/errors.js';
import {
  isContextRecord,
  isSnapshotRecord,
  isStoreRecord,
  type ContextRecord,
  type SnapshotRecord,
  type StoreRecord,
} from './records.js';

/** Begins the name of a layer that is not yet whole. */
const making = '.making-';

/** Records that can be read, and why others cannot: one that is hurt is no reason to do without the rest. */
export interface Survey<T> {
  readonly records: readonly T[];
  readonly hurt: readonly MizerError[];
}

/** Absolute path of a work tree and of what belongs to it. */
export interface Place {
  readonly workTree: string;
  /** The store's directory. */
  readonly directory: string;
}

/**
 * A store: the directory that holds the layers and contexts of one work tree (docs/formats.md). Its methods read and write records; each
 * write is atomic and flushed. Callers hold the store's lock for what takes several steps.
 */
export class Store {
  readonly id: string;
  readonly workTree: string;
  readonly directory: string;

  readonly #lock: number;
  /** Records of snapshots never change but through `writeSnapshot`. */
  readonly #snapshots = new Map<string, SnapshotRecord>();

  private constructor(record: StoreRecord, place: Place, lock: number) {
    this.id = record.id;
    this.workTree = place.workTree;
    this.directory = place.directory;
    this.#lock = lock;
  }

  /**
   * The store at `place`, made when there is none, with what a crash left behind removed. It is this process's alone until `close`.
   * @throws MizerError `E_STORE_LOCKED` when another process has it, `E_STORE_FOREIGN`, `E_STATE_CORRUPT`
   */
  static async open(place: Place): Promise<Store> {
    refuseForeign(place);
    const lock = makeParts(place);
    try {
      if (!takeLock(lock, 'exclusive')) {
        throw new MizerError('E_STORE_LOCKED', `Another daemon looks after the contexts of ${place.workTree}.`, {
          hint: 'It was started with another XDG_RUNTIME_DIR; stop it there with `mzr daemon stop`.',
        });
      }
      const store = new Store(await claim(place), place, lock);
      await store.#clean();
      return store;
    } catch (error) {
      closeSync(lock);
      throw error;
    }
  }

  /** Whether the store is still where it was opened: not moved, deleted or replaced meanwhile. */
  isInPlace(): boolean {
    return lstatSync(join(this.directory, 'lock'), { throwIfNoEntry: false })?.ino === fstatSync(this.#lock).ino;
  }

  /** Lets another process open the store. */
  close(): void {
    closeSync(this.#lock);
  }

  /** Directories that were being made when something died: their last step, the record or the rename, never came. */
  async #clean(): Promise<void> {
    await removeLeftovers(this.directory);
    const layers = join(this.directory, 'layers');
    for (const name of readdirSync(layers)) {
      if (name.startsWith(making)) await this.discard(join(layers, name));
    }
    for (const name of readdirSync(join(this.directory, 'contexts'))) {
      if (!this.#isWhole(name)) await this.discard(this.contextDirectory(name));
    }
  }

  /** Moves a directory of this store into its trash, from where it is deleted in the background. */
  async discard(path: string): Promise<void> {
    await discard(path, { store: this.directory, trash: join(this.directory, 'trash') });
  }

  /** Frees what was discarded; in the background, and without the store's lock. */
  async emptyTrash(): Promise<void> {
    await emptyTrash(join(this.directory, 'trash'));
  }

  layerDirectory(id: string): string {
    return join(this.directory, 'layers', id);
  }

  /** The tree of a layer: what an overlay mounts. */
  layerTree(id: string): string {
    return join(this.layerDirectory(id), 'tree');
  }

  contextDirectory(name: string): string {
    return join(this.directory, 'contexts', name);
  }

  #contextFile(name: string): string {
    return join(this.contextDirectory(name), 'context.json');
  }

  hasContext(name: string): boolean {
    return existsSync(this.contextDirectory(name));
  }

  /** Names of all contexts, in order. One that is hurt is among them: reading it says so. */
  contextNames(): string[] {
    return readdirSync(join(this.directory, 'contexts'))
      .filter((name) => this.#isWhole(name))
      .sort();
  }

  /** The kernel makes `work/work` at the first mount, which comes after the record: where that is, only the record was taken away. */
  #isWhole(name: string): boolean {
    return existsSync(this.#contextFile(name)) || existsSync(join(this.contextDirectory(name), 'work', 'work'));
  }

  /** All contexts, in order, those apart whose records cannot be read. */
  contexts(): Promise<Survey<ContextRecord>> {
    return survey(this.contextNames(), (name) => this.context(name));
  }

  /** @throws MizerError `E_CONTEXT_UNKNOWN`, `E_CONTEXT_HURT` when its record cannot be read or is of another context */
  async context(name: string): Promise<ContextRecord> {
    const file = this.#contextFile(name);
    const record = await readJson(file, isContextRecord).catch((error: unknown) => {
      if (error instanceof MizerError) throw this.#hurt(name, error.message);
      throw error;
    });
    if (record !== undefined) {
      const isOwn = record.name === name && (!record.live || basename(dirname(record.directory)) === this.id);
      if (!isOwn) throw this.#hurt(name, `${file} is the record of another one.`);
      // A repository that was moved or copied has brought its records along.
      return record.live ? record : { ...record, directory: this.contextDirectory(name) };
    }
    if (this.contextNames().includes(name)) throw this.#hurt(name, `${file} is gone.`);
    const near = nearest(name, this.contextNames());
    throw new MizerError('E_CONTEXT_UNKNOWN', `There is no context '${name}' of ${this.workTree}.`, {
      hint: near === undefined ? 'Run `mzr list --all` to see those there are.' : `Did you mean '${near}'?`,
      data: { context: name, workTree: this.workTree },
    });
  }

  #hurt(name: string, reason: string): MizerError {
    const directory = this.contextDirectory(name);
    return new MizerError('E_CONTEXT_HURT', `Context '${name}' cannot be used: ${reason}`, {
      group: 'failed',
      hint: `What it changed is in ${join(directory, 'upper')}: save what you need, then \`mzr drop --force ${name}\` removes it.`,
      data: { context: name, directory },
    });
  }

  async writeContext(record: ContextRecord): Promise<void> {
    await writeAtomic(this.#contextFile(record.name), JSON.stringify(record), { mode: 0o600 });
  }

  /** Ids of all snapshots, oldest first as far as their ids tell: ids begin with the time. */
  snapshotIds(): string[] {
    return readdirSync(join(this.directory, 'layers'))
      .filter((name) => !name.startsWith('.'))
      .sort();
  }

  /**
   * A snapshot by id or by a unique beginning of it.
   * @throws MizerError `E_SNAPSHOT_UNKNOWN`, `E_SNAPSHOT_AMBIGUOUS`, `E_SNAPSHOT_HURT` when its record cannot be read or is of another one
   */
  async snapshot(idOrPrefix: string): Promise<SnapshotRecord> {
    const matches = this.snapshotIds().filter((id) => id.startsWith(idOrPrefix));
    const id = matches.find((match) => match === idOrPrefix) ?? matches[0];
    if (id === undefined || idOrPrefix === '') {
      throw new MizerError('E_SNAPSHOT_UNKNOWN', `There is no snapshot '${idOrPrefix}' of ${this.workTree}.`, {
        hint: 'Run `mzr snapshots` to see those there are.',
      });
    }
    if (id !== idOrPrefix && matches.length > 1) {
      throw new MizerError('E_SNAPSHOT_AMBIGUOUS', `'${idOrPrefix}' begins ${matches.length} snapshot ids.`, {
        group: 'usage',
        hint: `Write more of it: ${matches.slice(0, 3).join(', ')}`,
      });
    }
    const file = join(this.layerDirectory(id), 'layer.json');
    const hurt = (reason: string): MizerError =>
      new MizerError('E_SNAPSHOT_HURT', `Snapshot ${id} cannot be used: ${reason}`, {
        group: 'failed',
        hint: 'What contexts on it changed is in their upper directories; new contexts of the host view do without it.',
        data: { snapshot: id, file },
      });
    const remembered = this.#snapshots.get(id);
    if (remembered !== undefined) return remembered;
    const known = await readJson(file, isSnapshotRecord).catch((error: unknown) => {
      throw error instanceof MizerError ? hurt(error.message) : error;
    });
    if (known === undefined) throw hurt(`${file} is gone.`);
    if (known.id !== id) throw hurt(`${file} is the record of another one.`);
    this.#snapshots.set(id, known);
    return known;
  }

  /** All snapshots, oldest first, those apart whose records cannot be read. */
  snapshots(): Promise<Survey<SnapshotRecord>> {
    return survey(this.snapshotIds(), (id) => this.snapshot(id));
  }

  async writeSnapshot(record: SnapshotRecord): Promise<void> {
    await writeAtomic(join(this.layerDirectory(record.id), 'layer.json'), JSON.stringify(record), { mode: 0o600 });
    this.#snapshots.set(record.id, record);
  }

  /** A snapshot and all it lies on, the topmost first. */
  async lineage(id: string): Promise<SnapshotRecord[]> {
    const line: SnapshotRecord[] = [];
    for (let next: string | undefined = id; next !== undefined; next = line.at(-1)?.below) {
      line.push(await this.snapshot(next));
    }
    return line;
  }

  /** The layer trees of a snapshot, the topmost first. */
  async layers(id: string): Promise<string[]> {
    return (await this.lineage(id)).map((record) => this.layerTree(record.id));
  }

  /**
   * Makes a layer: `fill` writes into a directory that takes its final name, with its record in it, only when all is there.
   * @param fill gets the layer's directory, whose `tree` is made by it
   */
  async addLayer(
    fill: (directory: string) => Promise<Omit<SnapshotRecord, 'version' | 'id' | 'createdAt'>>,
  ): Promise<SnapshotRecord> {
    const createdAt = new Date().toISOString();
    const id = `${createdAt.replace(/[-:.TZ]/g, '').slice(2, 17)}${randomBytes(2).toString('hex')}`;
    const directory = join(this.directory, 'layers', `${making}${id}`);
    mkdirSync(directory, { mode: 0o700 });
    try {
      const record: SnapshotRecord = { version: 1, id, createdAt, ...(await fill(directory)) };
      await writeAtomic(join(directory, 'layer.json'), JSON.stringify(record), { mode: 0o600 });
      renameSync(directory, this.layerDirectory(id));
      await flushDirectory(join(this.directory, 'layers'));
      return record;
    } catch (error) {
      await this.discard(directory);
      // Where the disk is full, what there is of it must not wait for the next housekeeping.
      await this.emptyTrash();
      throw error;
    }
  }

  /** Removes a snapshot that nothing stands on. */
  async dropSnapshot(id: string): Promise<void> {
    this.#snapshots.delete(id);
    await this.discard(this.layerDirectory(id));
  }
}

/** What another user put there is not believed: links and records in it could lead anywhere. */
function refuseForeign({ directory, workTree }: Place): void {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (stats === undefined || (stats.isDirectory() && stats.uid === process.getuid?.())) return;
  throw new MizerError('E_STORE_FOREIGN', `The store of ${workTree} at ${directory} belongs to another user.`, {
    hint: 'Use mizer as that user, or choose a store of your own: git config mizer.store DIRECTORY',
  });
}

/** Makes the store's directories. @returns the lock's descriptor. @throws MizerError `E_WRITE_FAILED`, `E_DISK_FULL` */
function makeParts({ directory }: Place): number {
  try {
    for (const part of ['', 'layers', 'contexts', 'trash', 'index']) {
      mkdirSync(join(directory, part), { recursive: true, mode: 0o700 });
    }
    return openSync(join(directory, 'lock'), 'a', 0o600);
  } catch (error) {
    throw writeError(directory, error);
  }
}

async function survey<T>(names: readonly string[], read: (name: string) => Promise<T>): Promise<Survey<T>> {
  const records: T[] = [];
  const hurt: MizerError[] = [];
  for (const name of names) {
    try {
      records.push(await read(name));
    } catch (error) {
      if (!(error instanceof MizerError)) throw error;
      hurt.push(error);
    }
  }
  return { records, hurt };
}

/** The record of the store at `place`, written anew where the store is new, was copied, or was moved. */
async function claim(place: Place): Promise<StoreRecord> {
  const file = join(place.directory, 'store.json');
  const inode = lstatSync(place.directory).ino;
  const known = await readJson(file, isStoreRecord);
  const subvolume = subvolumeId(place.directory);
  const isOwn = known?.inode === inode && known.subvolume === subvolume;
  const id = isOwn ? known.id : randomBytes(6).toString('hex');
  const record: StoreRecord = {
    version: 1,
    id,
    workTree: place.workTree,
    inode,
    ...(subvolume === undefined ? {} : { subvolume }),
  };
  if (known?.id !== id || known.workTree !== place.workTree)
    await writeAtomic(file, JSON.stringify(record), { mode: 0o600 });
  return record;
}
