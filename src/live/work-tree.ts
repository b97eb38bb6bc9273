import { Blobs } from './blobs.js';
import { Buffers } from './buffers.js';
import type { BufferConflict, BufferHost, TextBuffer } from './buffer.js';
import { BaseTree } from './base-tree.js';
import { hasWork } from './carry-over.js';
import type { Work } from './carry-over.js';
import { changesOf } from './changes.js';
import type { LiveChange } from './changes.js';
import { Chronicle } from './chronicle.js';
import { describe, walkEntries, walkRemoved } from './entries.js';
import type { EntryQuestion, TreeEntry } from './entries.js';
import type { EpochState, Surroundings } from './epoch.js';
import { LiveError } from './errors.js';
import { Emitter } from './events.js';
import type { NodeId, Oid, OperationId, ReplicaId, Version } from './ids.js';
import { compareStamps } from './ids.js';
import type { Deferred } from './deferral.js';
import { need, whenLoaded } from './loading.js';
import type { MadeType } from './operation.js';
import { Outbox } from './outbox.js';
import { PresenceTable } from './presence.js';
import type { GitProvider } from './provider.js';
import { settlementOf } from './settlement.js';
import { Successor } from './successor.js';
import type { BaseOf } from './successor.js';
import type { Bias, Edits } from './text/engine.js';
import { yjsEngine } from './text/yjs-engine.js';
import { Transition } from './transition.js';
import * as edits from './tree-edits.js';
import { covers, toVersion } from './version.js';
import { decodeMessages, encodePresence } from './wire/messages.js';
import type { Refusal } from './wire/refusal.js';

/** What a tree stands on. */
export interface WorkTreeOptions {
  /** An integer from 1 to 2^32-1 that no other participant has, and that is never used again after its state was lost. */
  readonly replica: ReplicaId;
  readonly provider: GitProvider;
  /** The time in milliseconds, by which undo groups and presences end. Nothing else depends on it. */
  readonly clock: () => number;
  readonly limits?: {
    /** A file of more bytes is binary, whatever it holds. 16 MiB when not given. */
    readonly text?: number;
  };
}

/** What became of bytes from another. */
export interface Applied {
  /** How many operations and epochs of them were new and are worked in. */
  readonly taken: number;
  /** How many operations wait, of these and of all before, for others that they stand upon. */
  readonly deferred: number;
  /** What can never be used, and why. */
  readonly refused: readonly Refusal[];
}

/** Where another participant is. */
export interface Participant {
  readonly replica: ReplicaId;
  /** The file he is in; `null` when none is known. */
  readonly entry: NodeId | null;
  readonly path: string | null;
  /** In UTF-16 offsets, as far as the text is open here. */
  readonly selections: readonly { readonly anchor: number; readonly head: number }[];
}

export interface WorkTreeEvents {
  /** Messages for all others, to be kept by who wants to come back after a crash: what one public call, or one `batch`, made. */
  operations: Uint8Array;
  /** A message for those who are there now. It need not arrive. */
  presence: Uint8Array;
  /** Entries, names, contents or statuses may be others than before. */
  entries: void;
  /** Another epoch is active. */
  epoch: { readonly base: Oid | null };
  /** A new epoch could not be loaded; the tree stays as it was and can be used. See `retry`. */
  error: unknown;
}

/**
 * The state of a git working copy, uncommitted changes included, as one of many replicas that all come to the same. Every replica can change it at any
 * time; what it makes comes out as `operations`, and goes into the others' `apply`, in any order and any number of times.
 *
 * Paths and names are text; a byte that is not UTF-8 stands as U+DC00 + byte. A method is asynchronous where a directory or blob may have to be loaded: when
 * all is loaded it has done its work before it returns its promise, otherwise it does it in one step later, upon the tree as it is then.
 * Every method that is given a path throws LiveError NAME_INVALID for one that git could not hold, and what the provider throws.
 */
export class WorkTree {
  readonly #around: Surroundings;
  readonly #chronicle: Chronicle;
  readonly #buffers: Buffers;
  readonly #presence: PresenceTable;
  readonly #events = new Emitter<WorkTreeEvents>();
  readonly #outbox: Outbox;
  readonly #host: BufferHost;
  /** Bases of epochs that are being loaded. */
  readonly #bases = new Map<Oid, BaseTree>();
  #depth = 0;
  #hasChanged = false;
  #following: Promise<void> | undefined;
  /** The epoch that could not be loaded. */
  #failed: EpochState | undefined;

  private constructor({ replica, provider, clock, limits }: WorkTreeOptions) {
    if (!Number.isInteger(replica) || replica < 1 || replica >= 2 ** 32) {
      throw new LiveError('ARGUMENT_INVALID', `${replica} is no replica: an integer from 1 to 2^32-1.`);
    }
    this.#around = {
      replica,
      provider,
      blobs: new Blobs(provider),
      engine: yjsEngine,
      textLimit: limits?.text ?? 2 ** 24,
      lamport: { time: 0 },
    };
    this.#chronicle = new Chronicle(this.#around);
    this.#buffers = new Buffers(() => this.#chronicle.active, clock);
    this.#presence = new PresenceTable(replica, clock);
    this.#outbox = new Outbox(replica);
    this.#host = this.#bufferHost();
  }

  /** The first tree of a collaboration, upon a commit (`null`: upon nothing). Asks the provider for nothing. */
  static create(options: WorkTreeOptions & { readonly base: Oid | null }): WorkTree {
    const tree = new WorkTree(options);
    const successor = new Successor(tree.#chronicle, tree.#around);
    const first = successor.first(options.base);
    tree.#chronicle.add(first);
    tree.#chronicle.enter(first, false);
    tree.#outbox.owe(first);
    return tree;
  }

  /**
   * A tree out of others' operations: at least those of the newest epoch (`missing()` of any of them). With one's own operations among them, all that `operations` events
   * gave out, a replica comes back after a crash under its own number.
   * @throws LiveError ARGUMENT_INVALID when no epoch is whole in them
   */
  static async join(options: WorkTreeOptions & { readonly operations: Iterable<Uint8Array> }): Promise<WorkTree> {
    const tree = new WorkTree(options);
    const chronicle = tree.#chronicle;
    chronicle.receive(Array.from(options.operations).flatMap((bytes) => decodeMessages(bytes)));
    const newest = chronicle.newest();
    if (newest === undefined) throw new LiveError('ARGUMENT_INVALID', 'These operations hold no whole epoch.');
    chronicle.comeBack(newest);
    tree.#outbox.comeBack(chronicle.all());
    if (chronicle.isEmpty) chronicle.enter(newest, chronicle.hasOwn(newest));
    else await tree.#act(() => whenLoaded(() => tree.#enter(newest)));
    return tree;
  }

  /** Returns what ends the listening. Operations that were made before anybody listened are given to the first who does, at once. */
  on<Name extends keyof WorkTreeEvents>(name: Name, listener: (value: WorkTreeEvents[Name]) => void): () => void {
    const off = this.#events.on(name, listener);
    if (name === 'operations') this.#flush();
    return off;
  }

  /** Makes one message of all that the public calls in `act` make, as far as they do it before they return. */
  batch<T>(act: () => T): T {
    return this.#act(act);
  }

  /**
   * Works in messages from anybody: operations, epochs and presences, in any order, any number of times. Never throws, and is not hurt, by any bytes.
   * Resolves when they are worked in and, where they began a new epoch, when that is loaded or could not be (see `error`): who waits for it before he reads on is
   * not run over.
   */
  async apply(bytes: Uint8Array): Promise<Applied> {
    const messages = decodeMessages(bytes);
    const { taken, refused } = this.#act(() => {
      const worked = this.#chronicle.receive(messages);
      if (worked.effects !== undefined) this.#buffers.integrated(worked.effects);
      if (worked.taken > 0) this.#hasChanged = true;
      return worked;
    });
    for (const message of messages) if (message.kind === 'presence') this.#presence.receive(message.presence);
    await this.#follow();
    const deferred = this.deferred().reduce((count, { first, last }) => count + last - first + 1, 0);
    return { taken, deferred, refused };
  }

  /** Operations that cannot be used yet, and what they wait for. Their number is bounded: beyond it the oldest are forgotten, and must come again. */
  deferred(): Deferred[] {
    return this.#chronicle.deferred();
  }

  /** What is worked in here. */
  version(): Version {
    return this.#chronicle.active.log.version();
  }

  /** Whether all that `version` describes is worked in here. */
  observed(version: Version | Uint8Array): boolean {
    const { epoch, vector } = toVersion(version);
    const known = this.#chronicle.known(epoch);
    return known !== undefined && covers(known.log.vector, vector);
  }

  /** Messages of what one who is at `version` lacks; without it, all that one needs to join. Those of the newest epoch only. */
  missing(version?: Version | Uint8Array): Uint8Array {
    const newest = this.#chronicle.newest() ?? this.#chronicle.active;
    if (version === undefined) return newest.log.missing();
    const theirs = toVersion(version);
    return compareStamps(theirs.epoch, newest.record.id) > 0 ? new Uint8Array() : newest.log.missing(theirs);
  }

  /**
   * Lets go of what is kept only for operations that come late: the history of moves, and former epochs. `versions`: what each participant,
   * absent ones included, said to have (`version()`) at some time; whoever joins later must have joined from one of them.
   * @throws LiveError ARGUMENT_INVALID when one is missing who made operations
   */
  settle(versions: ReadonlyMap<ReplicaId, Version>): void {
    const { active } = this.#chronicle;
    const time = settlementOf(active, versions);
    if (time === undefined) return;
    active.tree.truncate({ time, replica: 0 });
    this.#chronicle.forget();
  }

  /** The commit that the tree stands upon. */
  get base(): Oid | null {
    return this.#chronicle.active.record.base;
  }

  /**
   * Makes an entry; its directory must be there. A text's content is text or its UTF-8 bytes, a link's is its target. Returns its identity.
   * @throws LiveError EXISTS, NOT_FOUND, NOT_A_DIRECTORY, NOT_TEXT
   */
  async create(path: string, type: MadeType, content?: string | Uint8Array): Promise<NodeId> {
    return this.#change((state) => edits.create(state, this.#editText, path, type, content));
  }

  /**
   * Puts an entry elsewhere. It stays the same entry: what others do in it meanwhile goes along.
   * @throws LiveError NOT_FOUND, EXISTS, NOT_A_DIRECTORY, INTO_ITSELF
   */
  async rename(from: string, to: string): Promise<void> {
    await this.#change((state) => edits.rename(state, from, to));
  }

  /** Puts an entry, with all below it, into the trash. @throws LiveError NOT_FOUND */
  async remove(path: string): Promise<void> {
    await this.#change((state) => edits.remove(state, path));
  }

  /** @throws LiveError NOT_FOUND, IS_A_DIRECTORY, ARGUMENT_INVALID for a link */
  async setExecutable(path: string, on: boolean): Promise<void> {
    await this.#change((state) => edits.setExecutable(state, path, on));
  }

  /**
   * Takes in a file that changed underneath: makes it hold these bytes by the smallest edits, whatever others do to it, or makes it, with its directories.
   * Where text becomes binary, the reverse, or a link a file, the old entry goes into the trash and a new one takes its name.
   * @throws LiveError IS_A_DIRECTORY, NOT_A_DIRECTORY
   */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#change((state) => edits.write(state, this.#editText, path, bytes));
  }

  /** What a file holds, or the target of a link. @throws LiveError NOT_FOUND, IS_A_DIRECTORY */
  async read(file: string | Pick<TreeEntry, 'entry'>): Promise<Uint8Array> {
    return whenLoaded(() => {
      const state = this.#chronicle.active;
      return state.bytes(this.#fileOf(state, file).node);
    });
  }

  /**
   * What was given to a binary file or link in this epoch, the one that stands first, then those that it was given over, which nothing shows.
   * @throws LiveError NOT_FOUND, IS_A_DIRECTORY
   */
  async contents(file: string | Pick<TreeEntry, 'entry'>): Promise<Uint8Array[]> {
    return whenLoaded(() => {
      const state = this.#chronicle.active;
      return (state.file(this.#fileOf(state, file).node)?.contents ?? []).map(({ bytes }) => bytes);
    });
  }

  /** What is at a path; `null` when nothing is. */
  async entry(path: string): Promise<TreeEntry | null> {
    return whenLoaded(() => {
      const state = this.#chronicle.active;
      const shown = path === '' ? null : edits.find(state, path);
      const slash = path.lastIndexOf('/');
      return shown === null ? null : describe(state, shown, path.slice(0, Math.max(slash, 0)));
    });
  }

  /**
   * The entries, directory by directory, loaded as they are come to. Who changes the tree meanwhile sees each directory as it is then.
   * @throws LiveError NOT_FOUND, NOT_A_DIRECTORY
   */
  async *entries({
    within = '',
    depth = Number.POSITIVE_INFINITY,
    removed = false,
  }: EntryQuestion = {}): AsyncGenerator<TreeEntry> {
    const active = (): EpochState => this.#chronicle.active;
    const { nodes } = await whenLoaded(() => edits.findDirectory(active(), within));
    yield* walkEntries(active, { nodes, path: within }, depth);
    if (removed) yield* walkRemoved(active);
  }

  /**
   * The uncommitted changes against the base, ordered by path bytes, ready to be committed: `commit` takes the commit made of them with the `version` of
   * the moment in which they were read. While they are read the tree should rest.
   */
  changes(): AsyncGenerator<LiveChange> {
    return changesOf(this.#chronicle.active);
  }

  /** Opens a text, by its path, or by its entry, which may be a removed one. @throws LiveError NOT_FOUND, IS_A_DIRECTORY, NOT_TEXT */
  async open(file: string | Pick<TreeEntry, 'entry'>): Promise<TextBuffer> {
    return whenLoaded(() => {
      const state = this.#chronicle.active;
      const { node, path } = this.#fileOf(state, file);
      return this.#buffers.open(node, path, this.#host);
    });
  }

  /** Who is where, of those who told within the lifetime of what they told. */
  presence(): Participant[] {
    const state = this.#chronicle.active;
    return Array.from(this.#presence.holding(state.record.id), ({ replica, node, selections }) => {
      const document = node === null ? undefined : state.file(node)?.document;
      const path = node === null ? null : (state.view.pathOf(node) ?? null);
      const offsets = selections.flatMap(({ anchor, head }) => {
        const from = document?.resolve(anchor);
        const to = document?.resolve(head);
        return from === undefined || to === undefined ? [] : [{ anchor: from, head: to }];
      });
      return { replica, entry: node, path, selections: offsets };
    });
  }

  /** Tells again where this replica is, as it has to every 30 seconds or the others forget it; a caller's timer does that. */
  announce(): void {
    const { node, selections } = this.#presence.own ?? { node: null, selections: [] };
    this.#tellPresence(node, selections);
  }

  /**
   * HEAD went elsewhere (checkout, reset, rebase): begins an epoch upon another commit for everybody. All uncommitted changes that are known here are carried
   * over; others carry what they made that is not known here. What changed there as well is a conflict of its buffer.
   * @throws what the provider throws; the tree is as before then
   */
  async reset(oid: Oid | null): Promise<void> {
    await this.#act(() => whenLoaded(() => this.#succeed('reset', oid, undefined)));
  }

  /**
   * HEAD moved to a commit of exactly what `version` describes, as `changes()` gave it: begins an epoch upon it. What the version does not cover
   * stays uncommitted. When all of the version is known here nothing is asked of the provider, and the epoch is there when the call returns.
   * @throws LiveError ARGUMENT_INVALID when the version's epoch is not known here
   */
  async commit(oid: Oid, version: Version | Uint8Array): Promise<void> {
    await this.#act(() => whenLoaded(() => this.#succeed('commit', oid, toVersion(version))));
  }

  /** Tries again to load a new epoch, after an `error`. */
  async retry(): Promise<void> {
    this.#failed = undefined;
    await this.#follow();
  }

  readonly #editText = (node: NodeId, changed: Edits): void => this.#buffers.edit(node, changed);

  #change<T>(change: (state: EpochState) => T): Promise<T> {
    return whenLoaded(() =>
      this.#act(() => {
        const done = change(this.#chronicle.active);
        this.#buffers.retell();
        this.#hasChanged = true;
        return done;
      }),
    );
  }

  /** @throws LiveError; Missing */
  #fileOf(
    state: EpochState,
    file: string | Pick<TreeEntry, 'entry'>,
  ): { readonly node: NodeId; readonly path: string } {
    if (typeof file === 'string') return { node: edits.findFile(state, file).nodes[0], path: file };
    const node = file.entry;
    const type = state.typeOf(node);
    if (type === null) throw new LiveError('NOT_FOUND', `There is no entry ${JSON.stringify(node)}.`);
    if (type === 'directory' || type === 'submodule') {
      throw new LiveError('IS_A_DIRECTORY', `The entry ${JSON.stringify(node)} is a ${type}.`);
    }
    const { view } = state;
    const path = need(view.pathOf(node), () => view.when(() => view.pathOf(node)));
    return { node, path: path ?? view.places.place(node)?.name ?? '' };
  }

  /** Begins an epoch. @throws Missing */
  #succeed(kind: 'reset' | 'commit', base: Oid | null, version: Version | undefined): void {
    this.#act(() => {
      const { next, works } = new Successor(this.#chronicle, this.#around).after(kind, base, version, this.#baseOf);
      const tell = this.#step(next, next, works, () => this.#chronicle.add(next));
      Successor.complete(next);
      this.#outbox.owe(next);
      tell();
    });
  }

  /** Makes an epoch active that another began, or that this replica was in. @throws Missing */
  #enter(next: EpochState): void {
    this.#act(() => {
      Successor.prepare(this.#chronicle, next, this.#baseOf);
      const isWorking = this.#chronicle.works(next).some((work) => hasWork(work));
      const draft = isWorking ? next.copy() : next;
      const tell = this.#step(next, draft, isWorking ? this.#chronicle.works(draft) : [], () => {});
      tell();
    });
  }

  #step(next: EpochState, draft: EpochState, works: readonly Work[], added: () => void): () => void {
    const { active } = this.#chronicle;
    const passage = this.#chronicle.passage(active, next);
    const transition = new Transition(active, next, draft, works, passage, this.#buffers, this.#presence);
    transition.look();
    const isReturn = this.#chronicle.known(next.record.id) !== undefined && this.#chronicle.hasOwn(next);
    added();
    const tell = transition.act(() => this.#chronicle.enter(next, isReturn));
    this.#bases.clear();
    this.#hasChanged = true;
    return () => {
      tell();
      this.#events.emit('epoch', { base: next.record.base });
      if (this.#presence.own !== undefined) this.announce();
    };
  }

  readonly #baseOf: BaseOf = (oid, known) => {
    const base = this.#bases.get(oid ?? '') ?? known?.() ?? new BaseTree(oid, this.#around.provider);
    this.#bases.set(oid ?? '', base);
    return base;
  };

  /** Goes to the newest epoch. */
  #follow(): Promise<void> {
    if (this.#following !== undefined) return this.#following;
    if (this.#next() === undefined) return Promise.resolve();
    const following = this.#load().finally(() => (this.#following = undefined));
    if (this.#next() !== undefined) this.#following = following;
    return following;
  }

  async #load(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      try {
        await whenLoaded(() => {
          next = this.#next();
          if (next !== undefined) this.#enter(next);
        });
      } catch (error) {
        this.#failed = next;
        this.#events.emit('error', error);
      }
    }
  }

  /** The epoch to go to, if there is one. */
  #next(): EpochState | undefined {
    const newest = this.#chronicle.newest();
    return newest === this.#chronicle.active || newest === this.#failed ? undefined : newest;
  }

  /** Runs what one public call does: its operations go out at its end. */
  #act<T>(act: () => T): T {
    this.#depth += 1;
    try {
      return act();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#flush();
    }
  }

  #flush(): void {
    if (this.#events.hears('operations')) {
      const bytes = this.#outbox.take(this.#chronicle.isEmpty ? [] : this.#chronicle.all());
      if (bytes.length > 0) this.#events.emit('operations', bytes);
    }
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    this.#events.emit('entries', undefined);
  }

  #tellPresence(node: NodeId | null, selections: Parameters<PresenceTable['tell']>[2]): void {
    const presence = this.#presence.tell(this.#chronicle.active.record.id, node, selections);
    this.#events.emit('presence', encodePresence(presence));
  }

  #bufferHost(): BufferHost {
    const buffers = this.#buffers;
    const change = (act: () => void): void =>
      this.#act(() => {
        act();
        this.#hasChanged = true;
      });
    return {
      text: (buffer: TextBuffer) => buffers.get(buffer).text(),
      edit: (buffer: TextBuffer, changed: Edits) => change(() => buffers.editBuffer(buffer, changed)),
      undo: (buffer: TextBuffer) => change(() => buffers.undo(buffer, (document) => document.undo())),
      redo: (buffer: TextBuffer) => change(() => buffers.undo(buffer, (document) => document.redo())),
      path: (buffer: TextBuffer) => buffers.path(buffer),
      conflicts: (buffer: TextBuffer): BufferConflict[] => buffers.conflicts(buffer),
      resolve: (conflict: OperationId) =>
        change(() => {
          this.#chronicle.active.write({ kind: 'resolve', conflict });
          buffers.retell();
        }),
      anchor: (buffer: TextBuffer, offset: number, bias: Bias) => buffers.get(buffer).anchor(offset, bias),
      select: (buffer: TextBuffer, selections) => {
        const { document, detached } = buffers.get(buffer);
        const anchored =
          document === undefined || detached !== undefined
            ? []
            : selections.map(({ anchor, head }) => {
                return { anchor: document.anchor(anchor, 'before'), head: document.anchor(head, 'before') };
              });
        this.#tellPresence(detached === undefined ? buffer.entry : null, anchored);
      },
      close: (buffer: TextBuffer) => buffers.close(buffer),
    };
  }
}
