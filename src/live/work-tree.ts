import type { TextBuffer } from './buffer.js';
import { changesOf } from './changes.js';
import type { LiveChange } from './changes.js';
import type { Deferred } from './deferral.js';
import { describe, walkEntries, walkRemoved } from './entries.js';
import type { EntryQuestion, TreeEntry } from './entries.js';
import type { EpochState } from './epoch.js';
import { LiveError } from './errors.js';
import { compareStamps } from './ids.js';
import type { NodeId, Oid, ReplicaId, Version } from './ids.js';
import { need, whenLoaded } from './loading.js';
import type { MadeType } from './operation.js';
import type { Applied, Participant, WorkTreeEvents, WorkTreeOptions } from './options.js';
import { Replica } from './replica.js';
import { settlementOf } from './settlement.js';
import * as edits from './tree-edits.js';
import { covers, toVersion } from './version.js';
import { decodeMessages } from './wire/messages.js';

/**
 * The state of a git working copy, uncommitted changes included, as one of many replicas that all come to the same. Every replica can change it at any
 * time; what it makes comes out as `operations`, and goes into the others' `apply`, in any order and any number of times.
 *
 * Paths and names are text; a byte that is not UTF-8 stands as U+DC00 + byte. A method is asynchronous where a directory or blob may have to be loaded: when
 * all is loaded it has done its work before it returns its promise, otherwise it does it in one step later, upon the tree as it is then.
 * Every method that is given a path throws LiveError NAME_INVALID for one that git could not hold, and what the provider throws.
 */
export class WorkTree {
  readonly #replica: Replica;

  private constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** The first tree of a collaboration, upon a commit (`null`: upon nothing). Asks the provider for nothing. */
  static create(options: WorkTreeOptions & { readonly base: Oid | null }): WorkTree {
    const replica = new Replica(options);
    replica.begin(options.base);
    return new WorkTree(replica);
  }

  /**
   * A tree out of others' operations: at least those of the newest epoch (`missing()` of any of them). With one's own operations among them, all that `operations` events
   * gave out, a replica comes back after a crash under its own number.
   * @throws LiveError ARGUMENT_INVALID when no epoch is whole in them
   */
  static async join(options: WorkTreeOptions & { readonly operations: Iterable<Uint8Array> }): Promise<WorkTree> {
    const replica = new Replica(options);
    await replica.join(Array.from(options.operations));
    return new WorkTree(replica);
  }

  /** Returns what ends the listening. Operations that were made before anybody listened are given to the first who does, at once. */
  on<Name extends keyof WorkTreeEvents>(name: Name, listener: (value: WorkTreeEvents[Name]) => void): () => void {
    const off = this.#replica.events.on(name, listener);
    if (name === 'operations') this.#replica.flush();
    return off;
  }

  /** Makes one message of all that the public calls in `act` make, as far as they do it before they return. */
  batch<T>(act: () => T): T {
    return this.#replica.act(act);
  }

  /**
   * Works in messages from anybody: operations, epochs and presences, in any order, any number of times. Never throws, and is not hurt, by any bytes.
   * Resolves when they are worked in and, where they began a new epoch, when that is loaded or could not be (see `error`): who waits for it before he reads on is
   * not run over.
   */
  async apply(bytes: Uint8Array): Promise<Applied> {
    const messages = decodeMessages(bytes);
    const { taken, refused } = this.#replica.act(() => {
      const worked = this.#replica.chronicle.receive(messages);
      if (worked.effects !== undefined) this.#replica.buffers.integrated(worked.effects);
      if (worked.taken > 0) this.#replica.touch();
      return worked;
    });
    for (const message of messages) if (message.kind === 'presence') this.#replica.presence.receive(message.presence);
    await this.#replica.follow();
    const deferred = this.deferred().reduce((count, { first, last }) => count + last - first + 1, 0);
    return { taken, deferred, refused };
  }

  /** Operations that cannot be used yet, and what they wait for. Their number is bounded: beyond it the oldest are forgotten, and must come again. */
  deferred(): Deferred[] {
    return this.#replica.chronicle.deferred();
  }

  /** What is worked in here. */
  version(): Version {
    return this.#replica.chronicle.active.log.version();
  }

  /** Whether all that `version` describes is worked in here. */
  observed(version: Version | Uint8Array): boolean {
    const { epoch, vector } = toVersion(version);
    const known = this.#replica.chronicle.known(epoch);
    return known !== undefined && covers(known.log.vector, vector);
  }

  /** Messages of what one who is at `version` lacks; without it, all that one needs to join. Those of the newest epoch only. */
  missing(version?: Version | Uint8Array): Uint8Array {
    const newest = this.#replica.chronicle.newest() ?? this.#replica.chronicle.active;
    if (version === undefined) return newest.log.missing();
    const theirs = toVersion(version);
    return compareStamps(theirs.epoch, newest.record.id) > 0 ? new Uint8Array() : newest.log.missing(theirs);
  }

  /**
   * Lets go of what is kept only for operations that come late: the history of moves, former epochs, and blobs that are not needed just now. `versions`: what each participant,
   * absent ones included, said to have (`version()`) at some time; whoever joins later must have joined from one of them.
   * @throws LiveError ARGUMENT_INVALID when one is missing who made operations
   */
  settle(versions: ReadonlyMap<ReplicaId, Version>): void {
    const { active } = this.#replica.chronicle;
    const time = settlementOf(active, versions);
    if (time === undefined) return;
    active.tree.truncate({ time, replica: 0 });
    this.#replica.chronicle.forget();
  }

  /** The commit that the tree stands upon. */
  get base(): Oid | null {
    return this.#replica.chronicle.active.record.base;
  }

  /**
   * Makes an entry; its directory must be there. A text's content is text or its UTF-8 bytes, a link's is its target. Returns its identity.
   * @throws LiveError EXISTS, NOT_FOUND, NOT_A_DIRECTORY, NOT_TEXT
   */
  async create(path: string, type: MadeType, content?: string | Uint8Array): Promise<NodeId> {
    return this.#replica.change((state) => edits.create(state, this.#replica.editText, path, type, content));
  }

  /**
   * Puts an entry elsewhere. It stays the same entry: what others do in it meanwhile goes along.
   * @throws LiveError NOT_FOUND, EXISTS, NOT_A_DIRECTORY, INTO_ITSELF
   */
  async rename(from: string, to: string): Promise<void> {
    await this.#replica.change((state) => edits.rename(state, from, to));
  }

  /** Puts an entry, with all below it, into the trash. @throws LiveError NOT_FOUND */
  async remove(path: string): Promise<void> {
    await this.#replica.change((state) => edits.remove(state, path));
  }

  /** @throws LiveError NOT_FOUND, IS_A_DIRECTORY, ARGUMENT_INVALID for a link */
  async setExecutable(path: string, on: boolean): Promise<void> {
    await this.#replica.change((state) => edits.setExecutable(state, path, on));
  }

  /**
   * Takes in a file that changed underneath: makes it hold these bytes by the smallest edits, whatever others do to it, or makes it, with its directories.
   * Where text becomes binary, the reverse, or a link a file, the old entry goes into the trash and a new one takes its name.
   * @throws LiveError IS_A_DIRECTORY, NOT_A_DIRECTORY
   */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#replica.change((state) => edits.write(state, this.#replica.editText, path, bytes));
  }

  /** What a file holds, or the target of a link. @throws LiveError NOT_FOUND, IS_A_DIRECTORY */
  async read(file: string | Pick<TreeEntry, 'entry'>): Promise<Uint8Array> {
    return whenLoaded(() => {
      const state = this.#replica.chronicle.active;
      return state.bytes(this.#fileOf(state, file).node);
    });
  }

  /**
   * What was given to a binary file or link in this epoch, the one that stands first, then those that it was given over, which nothing shows.
   * @throws LiveError NOT_FOUND, IS_A_DIRECTORY
   */
  async contents(file: string | Pick<TreeEntry, 'entry'>): Promise<Uint8Array[]> {
    return whenLoaded(() => {
      const state = this.#replica.chronicle.active;
      return (state.file(this.#fileOf(state, file).node)?.contents ?? []).map(({ bytes }) => bytes);
    });
  }

  /** What is at a path; `null` when nothing is. */
  async entry(path: string): Promise<TreeEntry | null> {
    return whenLoaded(() => {
      const state = this.#replica.chronicle.active;
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
    const active = (): EpochState => this.#replica.chronicle.active;
    const { nodes } = await whenLoaded(() => edits.findDirectory(active(), within));
    yield* walkEntries(active, { nodes, path: within }, depth);
    if (removed) yield* walkRemoved(active);
  }

  /**
   * The uncommitted changes against the base, ordered by path bytes, ready to be committed: `commit` takes the commit made of them with the `version` of
   * the moment in which they were read. While they are read the tree should rest.
   */
  changes(): AsyncGenerator<LiveChange> {
    return changesOf(this.#replica.chronicle.active);
  }

  /** Opens a text, by its path, or by its entry, which may be a removed one. @throws LiveError NOT_FOUND, IS_A_DIRECTORY, NOT_TEXT */
  async open(file: string | Pick<TreeEntry, 'entry'>): Promise<TextBuffer> {
    return whenLoaded(() => {
      const state = this.#replica.chronicle.active;
      const { node, path } = this.#fileOf(state, file);
      return this.#replica.buffers.open(node, path, this.#replica.host);
    });
  }

  /** Who is where, of those who told within the lifetime of what they told. */
  presence(): Participant[] {
    const state = this.#replica.chronicle.active;
    return Array.from(this.#replica.presence.holding(state.record.id), ({ replica, node, selections }) => {
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
    this.#replica.announce();
  }

  /**
   * HEAD went elsewhere (checkout, reset, rebase): begins an epoch upon another commit for everybody. All uncommitted changes that are known here are carried
   * over; others carry what they made that is not known here. What changed there as well is a conflict of its buffer.
   * @throws what the provider throws; the tree is as before then
   */
  async reset(oid: Oid | null): Promise<void> {
    await this.#replica.act(() => whenLoaded(() => this.#replica.succeed('reset', oid, undefined)));
  }

  /**
   * HEAD moved to a commit of exactly what `version` describes, as `changes()` gave it: begins an epoch upon it. What the version does not cover
   * stays uncommitted. When all of the version is known here nothing is asked of the provider, and the epoch is there when the call returns.
   * @throws LiveError ARGUMENT_INVALID when the version's epoch is not known here
   */
  async commit(oid: Oid, version: Version | Uint8Array): Promise<void> {
    await this.#replica.act(() => whenLoaded(() => this.#replica.succeed('commit', oid, toVersion(version))));
  }

  /** Tries again to load a new epoch, after an `error`. */
  async retry(): Promise<void> {
    await this.#replica.retry();
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
}
