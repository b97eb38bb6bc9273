import { BaseTree } from './base-tree.js';
import { Blobs } from './blobs.js';
import type { BufferConflict, BufferHost, TextBuffer } from './buffer.js';
import { Buffers } from './buffers.js';
import { hasWork } from './carry-over.js';
import type { Work } from './carry-over.js';
import { Chronicle } from './chronicle.js';
import type { EpochState, Surroundings } from './epoch.js';
import { LiveError } from './errors.js';
import { Emitter } from './events.js';
import type { NodeId, Oid, OperationId, Version } from './ids.js';
import { whenLoaded } from './loading.js';
import type { WorkTreeEvents, WorkTreeOptions } from './options.js';
import { Outbox } from './outbox.js';
import { PresenceTable } from './presence.js';
import { Successor } from './successor.js';
import type { BaseOf } from './successor.js';
import type { Bias, Edits } from './text/engine.js';
import { yjsEngine } from './text/yjs-engine.js';
import { Transition } from './transition.js';
import { decodeMessages, encodePresence } from './wire/messages.js';

/** What stands behind a `WorkTree`: the epochs, what is open and who is there, and how they go on together. */
export class Replica {
  readonly #around: Surroundings;
  readonly chronicle: Chronicle;
  readonly buffers: Buffers;
  readonly presence: PresenceTable;
  readonly events = new Emitter<WorkTreeEvents>();
  readonly outbox: Outbox;
  readonly host: BufferHost;
  /** Bases of epochs that are being loaded. */
  readonly #bases = new Map<Oid, BaseTree>();
  #depth = 0;
  #hasChanged = false;
  #following: Promise<void> | undefined;
  /** The epoch that could not be loaded. */
  #failed: EpochState | undefined;

  constructor({ replica, provider, clock, limits }: WorkTreeOptions) {
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
    this.chronicle = new Chronicle(this.#around);
    this.buffers = new Buffers(() => this.chronicle.active, clock);
    this.presence = new PresenceTable(replica, clock);
    this.outbox = new Outbox(replica);
    this.host = this.#bufferHost();
  }

  /** Begins the first epoch. */
  begin(base: Oid | null): void {
    const first = new Successor(this.chronicle, this.#around).first(base);
    this.chronicle.add(first);
    this.chronicle.enter(first, false);
    this.outbox.owe(first);
  }

  /** @throws LiveError ARGUMENT_INVALID when no epoch is whole in them */
  async join(operations: readonly Uint8Array[]): Promise<void> {
    const { chronicle } = this;
    chronicle.receive(operations.flatMap((bytes) => decodeMessages(bytes)));
    const newest = chronicle.newest();
    if (newest === undefined) throw new LiveError('ARGUMENT_INVALID', 'These operations hold no whole epoch.');
    chronicle.comeBack(newest);
    this.outbox.comeBack(chronicle.all());
    if (chronicle.isEmpty) chronicle.enter(newest, chronicle.hasOwn(newest));
    else await this.act(() => whenLoaded(() => this.enter(newest)));
  }

  readonly editText = (node: NodeId, changed: Edits): void => this.buffers.edit(node, changed);

  change<T>(change: (state: EpochState) => T): Promise<T> {
    return whenLoaded(() =>
      this.act(() => {
        const done = change(this.chronicle.active);
        this.buffers.retell();
        this.#hasChanged = true;
        return done;
      }),
    );
  }

  announce(): void {
    const { node, selections } = this.presence.own ?? { node: null, selections: [] };
    this.tellPresence(node, selections);
  }

  /** Something that a caller may show is other than before. */
  touch(): void {
    this.#hasChanged = true;
  }

  async retry(): Promise<void> {
    this.#failed = undefined;
    await this.follow();
  }

  /** Begins an epoch. @throws Missing */
  succeed(kind: 'reset' | 'commit', base: Oid | null, version: Version | undefined): void {
    this.act(() => {
      const { next, works } = new Successor(this.chronicle, this.#around).after(kind, base, version, this.#baseOf);
      const tell = this.#step(next, next, works, () => this.chronicle.add(next));
      Successor.complete(next);
      this.outbox.owe(next);
      tell();
    });
  }

  /** Makes an epoch active that another began, or that this replica was in. @throws Missing */
  enter(next: EpochState): void {
    this.act(() => {
      Successor.prepare(this.chronicle, next, this.#baseOf);
      const isWorking = this.chronicle.works(next).some((work) => hasWork(work));
      const draft = isWorking ? next.copy() : next;
      const tell = this.#step(next, draft, isWorking ? this.chronicle.works(draft) : [], () => {});
      tell();
    });
  }

  #step(next: EpochState, draft: EpochState, works: readonly Work[], added: () => void): () => void {
    const { active } = this.chronicle;
    const passage = this.chronicle.passage(active, next);
    const transition = new Transition(active, next, draft, works, passage, this.buffers, this.presence);
    transition.look();
    const isReturn = this.chronicle.known(next.record.id) !== undefined && this.chronicle.hasOwn(next);
    added();
    const tell = transition.act(() => this.chronicle.enter(next, isReturn));
    this.#bases.clear();
    this.#hasChanged = true;
    return () => {
      tell();
      this.events.emit('epoch', { base: next.record.base });
      if (this.presence.own !== undefined) this.announce();
    };
  }

  readonly #baseOf: BaseOf = (oid, known) => {
    const base = this.#bases.get(oid ?? '') ?? known?.() ?? new BaseTree(oid, this.#around.provider);
    this.#bases.set(oid ?? '', base);
    return base;
  };

  /** Goes to the newest epoch. */
  follow(): Promise<void> {
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
          if (next !== undefined) this.enter(next);
        });
      } catch (error) {
        this.#failed = next;
        this.events.emit('error', error);
      }
    }
  }

  /** The epoch to go to, if there is one. */
  #next(): EpochState | undefined {
    const newest = this.chronicle.newest();
    return newest === this.chronicle.active || newest === this.#failed ? undefined : newest;
  }

  /** Runs what one public call does: its operations go out at its end. */
  act<T>(act: () => T): T {
    this.#depth += 1;
    try {
      return act();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.flush();
    }
  }

  flush(): void {
    if (this.events.hears('operations')) {
      const bytes = this.outbox.take(this.chronicle.isEmpty ? [] : this.chronicle.all());
      if (bytes.length > 0) this.events.emit('operations', bytes);
    }
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    this.events.emit('entries', undefined);
  }

  tellPresence(node: NodeId | null, selections: Parameters<PresenceTable['tell']>[2]): void {
    const presence = this.presence.tell(this.chronicle.active.record.id, node, selections);
    this.events.emit('presence', encodePresence(presence));
  }

  #bufferHost(): BufferHost {
    const buffers = this.buffers;
    const change = (act: () => void): void =>
      this.act(() => {
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
          this.chronicle.active.write({ kind: 'resolve', conflict });
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
        this.tellPresence(detached === undefined ? buffer.entry : null, anchored);
      },
      close: (buffer: TextBuffer) => buffers.close(buffer),
    };
  }
}
