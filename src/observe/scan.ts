import { readFileSync } from 'node:fs';
import { codeOf } from '../disk/tree-location.js';
import { IgnoreRules } from '../git/ignore-rules.js';
import { nestedRepository } from '../git/nested.js';
import { closeDirectory, EntryLook, listDirectory, openDirectory, readLink } from '../linux/directory.js';
import { errnoName } from '../linux/native.js';
import { join, type TreePath } from '../model/tree-path.js';
import { fileText, type GitDirectory, type RootRecord } from './blob.js';
import type { LastRecords } from './last-records.js';
import type { Frame, Waiting } from './scan-frame.js';
import { sameEntry, treeEntry, type SortedEntry } from './stub.js';
import { TotalsCounter } from './totals.js';
import { fateOf, isTracked, shadowIgnore, type Fate, type IgnoreFile, type TrackingRules } from './tracking.js';
import { TreeMaker, type TreeMakerOptions } from './tree-maker.js';

/** A path that could not be looked at or read. The root is `''`. */
export interface ObserveError {
  readonly path: TreePath;
  /** The name of the errno, such as `EACCES`. */
  readonly reason: string;
}

export interface ScanRequest extends TreeMakerOptions {
  readonly root: string;
  /** Nothing is tracked, only counted, where it is absent. */
  readonly rules: TrackingRules | undefined;
  readonly last: LastRecords;
  readonly oneFileSystem: boolean;
  readonly respectGitignore: boolean;
  /** Called some times a second, and at the end; what it throws ends the scan. */
  readonly onTurn: (looked: number) => Promise<void>;
}

export interface Scanned {
  /** The entries of the root's tree that were found; its record and the stub's files are not among them. */
  readonly entries: SortedEntry[];
  readonly root: RootRecord;
  /** How many entries were looked at, the root included. */
  readonly looked: number;
  readonly errors: readonly ObserveError[];
}

const DIRECTORY = 0o040000;
const FILE = 0o100000;
const LINK = 0o120000;
/** So many entries at most between two looks at the clock. */
const stride = 2000;
const turnMs = 40;

/**
 * Looks at every entry of a tree once, hands what is tracked to the sink as records and trees, directories after what is in them, and
 * counts everything. Holds in memory the way to where it stands, the entries of the directories on it, and files with several names.
 * @throws what opening the root, the sink or `onTurn` throws
 */
export async function scan(request: ScanRequest): Promise<Scanned> {
  const scanner = new Scanner(request);
  try {
    return await scanner.run();
  } finally {
    scanner.close();
  }
}

class Scanner {
  readonly #request: ScanRequest;
  readonly #maker: TreeMaker;
  readonly #look = new EntryLook();
  readonly #stack: Frame[] = [];
  readonly #errors: ObserveError[] = [];
  #looked = 1;
  #device = 0;
  #attrs: '' | 'i' = '';
  #mtimeMin = Infinity;
  #mtimeMax = -Infinity;
  #git: Omit<GitDirectory, 'head'> | undefined;
  #lastTurn = performance.now();

  constructor(request: ScanRequest) {
    this.#request = request;
    this.#maker = new TreeMaker(request);
  }

  close(): void {
    for (const { descriptor } of this.#stack.splice(0)) closeDirectory(descriptor);
  }

  async run(): Promise<Scanned> {
    const root = this.#openRoot();
    this.#stack.push(root);
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      if (top.next < top.names.length) await this.#lookAtSome(top);
      else {
        const waiting = top.waiting.pop();
        if (waiting !== undefined) await this.#enter(top, waiting);
        else {
          this.#stack.pop();
          closeDirectory(top.descriptor);
          await this.#leave(top, this.#stack.at(-1));
        }
      }
      if (performance.now() - this.#lastTurn > turnMs) {
        await this.#request.onTurn(this.#looked);
        this.#lastTurn = performance.now();
      }
    }
    this.#maker.settle(root);
    await this.#request.onTurn(this.#looked);
    return { entries: root.entries, root: this.#rootRecord(root), looked: this.#looked, errors: this.#errors };
  }

  #openRoot(): Frame {
    const descriptor = openDirectory(this.#request.root);
    this.#look.of(descriptor);
    this.#device = this.#look.device;
    this.#attrs = this.#look.immutable ? 'i' : '';
    const tracked = this.#request.rules !== undefined;
    const waiting = { name: '', mtime: this.#look.mtime, device: this.#device };
    this.#see(waiting.mtime);
    return this.#frame(
      descriptor,
      waiting,
      { path: '', wanted: tracked, candidate: tracked, bundle: false },
      undefined,
    );
  }

  /** @throws what reading the directory throws */
  #frame(descriptor: number, { name, mtime }: Waiting, fate: Fate, parent: Frame | undefined): Frame {
    const names: string[] = [];
    listDirectory(descriptor, (one) => names.push(one));
    names.sort();
    const maybeNested = fate.wanted && !fate.bundle && parent !== undefined && names.includes('.git');
    const nested = maybeNested ? this.#nested(descriptor, fate.path) : undefined;
    const tracked = fate.wanted && !fate.bundle && nested === undefined;
    const counter = new TotalsCounter();
    counter.dirs = 1;
    const inherited = parent?.ignore ?? shadowIgnore(this.#request.rules);
    return {
      ...fate,
      name,
      mtime,
      descriptor,
      names,
      tracked,
      nested,
      ignore: tracked ? this.#ignoreIn(descriptor, fate.path, names, inherited) : inherited,
      counter,
      entries: [],
      files: [],
      texts: [],
      waiting: [],
      next: 0,
      large: false,
    };
  }

  /** A real `.gitignore` comes before those of directories above it, and all of them before the shadow's. */
  #ignoreIn(
    descriptor: number,
    path: TreePath,
    names: readonly string[],
    inherited: readonly IgnoreFile[],
  ): readonly IgnoreFile[] {
    if (!this.#request.respectGitignore || !names.includes('.gitignore')) return inherited;
    try {
      const text = readFileSync(`/proc/self/fd/${descriptor}/.gitignore`, 'latin1');
      return [...inherited, { base: path, rules: new IgnoreRules(text) }];
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#errors.push({ path: join(path, '.gitignore'), reason: codeOf(error) });
      return inherited;
    }
  }

  #nested(descriptor: number, path: TreePath): Frame['nested'] {
    try {
      return nestedRepository(`/proc/self/fd/${descriptor}`);
    } catch (error) {
      this.#errors.push({ path: join(path, '.git'), reason: codeOf(error) });
      return 'unreadable';
    }
  }

  async #lookAtSome(frame: Frame): Promise<void> {
    const end = Math.min(frame.names.length, frame.next + stride);
    for (; frame.next < end; frame.next += 1) {
      const name = frame.names[frame.next]!;
      // While a directory changes, a name may be listed twice.
      if (name === frame.names[frame.next - 1]) continue;
      const errno = this.#look.at(frame.descriptor, name);
      const reason = errno === 0 ? this.#take(frame, name) : errnoName(errno);
      // It may be listed, and yet nothing in it be looked at: then it is as if it were closed.
      if (reason === 'EACCES' && frame.next === 0 && this.#stack.length > 1) return this.#giveUp(frame);
      if (reason !== undefined) await this.#missing(frame, name, reason);
    }
    // What waits is taken from the end.
    if (frame.next === frame.names.length) frame.waiting.reverse();
  }

  /** Takes the entry that was looked at. @returns why it cannot be recorded */
  #take(frame: Frame, name: string): string | undefined {
    const [look, { counter }] = [this.#look, frame];
    const { type, mtime } = look;
    if (type === LINK && isTracked(frame, name)) {
      try {
        this.#maker.addLink(frame, name, readLink(frame.descriptor, name));
      } catch (error) {
        return codeOf(error);
      }
    }
    this.#looked += 1;
    this.#see(mtime);
    if (type === DIRECTORY) frame.waiting.push({ name, mtime, device: look.device });
    else if (type === LINK) counter.links += 1;
    else if (type === FILE) {
      const { size, links } = look;
      if (links === 1 && size >= 0) counter.addFile(size);
      else counter.addLinked(look.bigSize, this.#key(), links);
      if (isTracked(frame, name)) {
        this.#maker.addFile(frame, name, fileText(name, size < 0 ? look.bigSize : size, mtime));
      }
    } else counter.others += 1;
    return undefined;
  }

  #see(mtime: number): void {
    if (mtime < this.#mtimeMin) this.#mtimeMin = mtime;
    if (mtime > this.#mtimeMax) this.#mtimeMax = mtime;
  }

  #key(): string | number {
    const { inode, device } = this.#look;
    return device === this.#device && typeof inode === 'number' ? inode : `${device}:${inode}`;
  }

  async #enter(parent: Frame, waiting: Waiting): Promise<void> {
    const fate = fateOf(parent, waiting.name, this.#request.rules);
    if (this.#request.oneFileSystem && waiting.device !== this.#device) {
      parent.counter.dirs += 1;
      if (fate.bundle) this.#maker.addBundle(parent, waiting, new TotalsCounter());
      return;
    }
    let descriptor: number | undefined;
    try {
      descriptor = openDirectory(Buffer.from(waiting.name, 'latin1'), parent.descriptor);
      this.#stack.push(this.#frame(descriptor, waiting, fate, parent));
    } catch (error) {
      if (descriptor !== undefined) closeDirectory(descriptor);
      await this.#unreadable(parent, waiting, fate, codeOf(error));
    }
  }

  async #giveUp(frame: Frame): Promise<void> {
    this.#stack.pop();
    closeDirectory(frame.descriptor);
    const parent = this.#stack.at(-1);
    if (parent !== undefined) await this.#unreadable(parent, { ...frame, device: 0 }, frame, 'EACCES');
  }

  /** An entry that cannot be looked at keeps its last record; one that vanished has none any more. */
  async #missing(frame: Frame, name: string, reason: string): Promise<void> {
    if (reason === 'ENOENT') return;
    const path = join(frame.path, name);
    this.#errors.push({ path, reason });
    if (!isTracked(frame, name)) return;
    const last = await this.#request.last.entry(path);
    if (last === undefined) return;
    frame.entries.push(sameEntry(last));
    frame.counter.addTotals(await this.#request.last.totals(last));
  }

  async #unreadable(parent: Frame, waiting: Waiting, fate: Fate, reason: string): Promise<void> {
    // Gone since it was looked at, or now something else: the next look tells what.
    if (reason === 'ENOENT' || reason === 'ENOTDIR' || reason === 'ELOOP') return;
    this.#errors.push({ path: fate.path, reason });
    const last = fate.wanted || fate.candidate ? await this.#request.last.entry(fate.path) : undefined;
    const own = new TotalsCounter();
    if (last === undefined) own.dirs = 1;
    else own.addTotals(await this.#request.last.totals(last));
    if (fate.bundle && last?.mode !== '100644') this.#maker.addBundle(parent, waiting, own);
    else if (last !== undefined) parent.entries.push(sameEntry(last));
    parent.counter.addAll(own);
  }

  async #leave(frame: Frame, parent: Frame | undefined): Promise<void> {
    if (parent === undefined) return;
    const { counter, entries, mtime, name, nested } = frame;
    if (frame.path === '.git') this.#git = { mtime, totals: counter.totals() };
    if (entries.length + frame.files.length > 0) parent.entries.push(treeEntry(name, await this.#maker.tree(frame)));
    else if (frame.bundle || (frame.wanted && nested !== undefined)) {
      const last = nested === 'unreadable' ? await this.#request.last.entry(frame.path) : undefined;
      const commit = nested === 'unreadable' ? undefined : nested?.commit;
      if (last?.mode === '100644') parent.entries.push(sameEntry(last));
      else this.#maker.addBundle(parent, { name, mtime }, counter, frame.bundle ? undefined : commit);
    }
    parent.counter.addAll(counter);
  }

  #rootRecord({ mtime, counter, names }: Frame): RootRecord {
    const git = names.includes('.git') ? this.#gitOfRoot() : undefined;
    return {
      kind: 'root',
      mtime,
      totals: counter.totals(),
      mtimeMin: this.#mtimeMin,
      mtimeMax: this.#mtimeMax,
      attrs: this.#attrs,
      ...(git === undefined ? {} : { git }),
    };
  }

  #gitOfRoot(): GitDirectory | undefined {
    let head: string | undefined;
    try {
      head = nestedRepository(this.#request.root)?.commit;
    } catch (error) {
      this.#errors.push({ path: '.git', reason: codeOf(error) });
    }
    const found = this.#git ?? this.#gitFile();
    return head === undefined || found === undefined ? undefined : { head, ...found };
  }

  /** A linked work tree has a file there. */
  #gitFile(): Omit<GitDirectory, 'head'> | undefined {
    const descriptor = openDirectory(this.#request.root);
    try {
      if (this.#look.at(descriptor, '.git') !== 0) return undefined;
      const counter = new TotalsCounter();
      if (this.#look.type === FILE) counter.addLinked(this.#look.bigSize, 0, 1);
      else counter.links = 1;
      return { mtime: this.#look.mtime, totals: counter.totals() };
    } finally {
      closeDirectory(descriptor);
    }
  }
}
