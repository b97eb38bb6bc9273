import type { BaseEntry, EntryType } from './base-listing.js';
import { BaseTree } from './base-tree.js';
import type { Blobs } from './blobs.js';
import { sameBytes, textOfBytes, textToBytes } from './git-object.js';
import { basePathIn, compareStamps } from './ids.js';
import type { NodeId, Oid, OperationId, ReplicaId, Stamp, Vector } from './ids.js';
import { Inbox } from './inbox.js';
import { need } from './loading.js';
import { type Arrival, isTextSpan, Log, type TextSpan } from './log.js';
import { MoveTree } from './move-tree.js';
import type { PlaceChange } from './move-tree.js';
import type { Action, Conflict, Create, Epoch, MadeType, Operation } from './operation.js';
import type { ReadonlyPlaces, TreeMove } from './places.js';
import type { GitProvider } from './provider.js';
import type { Edits, TextDocument, TextEngine } from './text/engine.js';
import { isTextOperation, TouchedFile } from './touched-file.js';
import type { Seed, TextOperation } from './touched-file.js';
import { TreeView } from './view.js';
import { decodeMessages } from './wire/messages.js';
import type { Refusal } from './wire/refusal.js';

/** What all epochs of one work tree have in common. */
export interface Surroundings {
  readonly replica: ReplicaId;
  readonly provider: GitProvider;
  readonly blobs: Blobs;
  readonly engine: TextEngine;
  /** Bytes from which on a file is binary whatever it holds. */
  readonly textLimit: number;
  /** Lamport's clock, of all epochs. */
  readonly lamport: { time: number };
}

/** What integrating operations did. */
export interface Effects {
  readonly moved: readonly PlaceChange[];
  /** Of open texts, what changed. */
  readonly edits: ReadonlyMap<NodeId, Edits>;
  /** Entries whose bytes, mode or conflicts may be others, texts excepted. */
  readonly touched: ReadonlySet<NodeId>;
  readonly refused: readonly Refusal[];
}

/** An entry that operations made, or carried over. */
export interface MadeEntry extends Stamp {
  readonly type: MadeType;
}

/**
 * One epoch: its operations and what they make of its base. A function of the set of operations integrated, whatever their order.
 * What must be loaded for an answer is thrown as `Missing`.
 */
export class EpochState {
  readonly record: Epoch;
  readonly log: Log;
  readonly inbox: Inbox;
  readonly tree: MoveTree;
  readonly around: Surroundings;
  /** What had been integrated when this replica made the epoch active, with what it carried over itself; `undefined` before. */
  entered: Vector | undefined;
  #base: BaseTree;
  #view: TreeView;
  readonly #made = new Map<NodeId, MadeEntry>();
  readonly #files = new Map<NodeId, TouchedFile>();
  readonly #conflictNodes = new Map<string, NodeId>();
  readonly #resolved = new Set<string>();
  /** Beginnings of texts that this epoch's base does not have. */
  readonly #seeds = new Map<NodeId, Seed>();

  constructor(record: Epoch, around: Surroundings) {
    this.record = record;
    this.around = around;
    this.log = new Log(record);
    this.inbox = new Inbox(this.log);
    this.tree = new MoveTree(record.id);
    this.#base = new BaseTree(record.base, around.provider);
    this.#view = this.viewOf(this.tree.places);
  }

  get base(): BaseTree {
    return this.#base;
  }

  /** What the tree shows now. */
  get view(): TreeView {
    return this.#view;
  }

  /** Takes a base of which something is known already. */
  useBase(base: BaseTree): void {
    this.#base = base;
    this.#view = this.viewOf(this.tree.places);
  }

  viewOf(places: ReadonlyPlaces): TreeView {
    return new TreeView(places, this.#base, (node) => this.#typeOfMade(node));
  }

  /** Whether the creator's own first operations are all here. */
  get isWhole(): boolean {
    return (this.log.vector.get(this.record.id.replica) ?? 0) >= this.record.carried;
  }

  made(node: NodeId): MadeEntry | undefined {
    return this.#made.get(node);
  }

  madeNodes(): Iterable<NodeId> {
    return this.#made.keys();
  }

  file(node: NodeId): TouchedFile | undefined {
    return this.#files.get(node);
  }

  files(): Iterable<TouchedFile> {
    return this.#files.values();
  }

  /** Makes an operation of this replica's. A `text` action's update is in its document already. */
  write(action: Action): Operation {
    const { lamport, replica } = this.around;
    const operation = this.log.write(replica, action, lamport.time);
    lamport.time = operation.time;
    if (action.kind === 'text') this.#touch(action.node).note(action.base);
    else this.integrate([operation]);
    return operation;
  }

  /** The id that an entry made now would have. */
  nextMade(): OperationId {
    return { replica: this.around.replica, seq: this.log.nextSeq(this.around.replica) };
  }

  /** Works in operations that are in the log, in causal order. */
  integrate(arrivals: readonly Arrival[]): Effects {
    const moves: TreeMove[] = [];
    const texts = new Map<NodeId, TextOperation[]>();
    const touched = new Set<NodeId>();
    const { lamport } = this.around;
    for (const arrival of arrivals) {
      lamport.time = Math.max(lamport.time, arrival.time);
      if (isTextSpan(arrival)) {
        this.#editText(arrival, texts);
        continue;
      }
      const operation = arrival;
      const { action, replica, seq, time } = operation;
      if (action.kind === 'create' || action.kind === 'move') {
        if (action.kind === 'create') this.#create(operation, action);
        moves.push({ replica, seq, time, node: action.node, parent: action.parent, name: action.name });
      } else {
        const node = this.#changeFile(operation);
        if (node !== undefined) touched.add(node);
      }
    }
    const edits = new Map<NodeId, Edits>();
    const refused: Refusal[] = [];
    for (const [node, held] of texts) {
      const received = this.#touch(node).receive(held);
      if (received.edits.length > 0) edits.set(node, received.edits);
      refused.push(...received.refused);
    }
    return { moved: this.tree.apply(moves), edits, touched, refused };
  }

  /** What this epoch's base has for an entry; `null` for every other. @throws Missing */
  baseEntry(node: NodeId): BaseEntry | null {
    const path = basePathIn(this.record.id, node);
    if (path === undefined) return null;
    return need(this.#base.find(path), () => this.#base.locate(path));
  }

  /** `null` for what is no entry. @throws Missing */
  typeOf(node: NodeId): EntryType | null {
    return need(this.#view.typeOf(node), () => this.#view.when(() => this.#view.typeOf(node)));
  }

  /** What the text of an entry began from; `undefined` when it is no text. @throws Missing */
  seed(node: NodeId): Seed | undefined {
    const known = this.#files.get(node)?.seed ?? this.#seeds.get(node);
    if (known !== undefined) return known;
    const entry = this.baseEntry(node);
    if (entry !== null) return entry.mode === 0o100644 || entry.mode === 0o100755 ? this.#seedOf(entry.oid) : undefined;
    const made = this.#made.get(node);
    if (made !== undefined && made.type !== 'text') return undefined;
    if (node.startsWith('c')) return { oid: null, text: '' };
    return this.#seedOf(this.#files.get(node)?.base ?? null);
  }

  /** Tells what a text began from that this epoch's base does not have. */
  plant(node: NodeId, seed: Seed): void {
    this.#seeds.set(node, seed);
  }

  /** The text of an entry, opened; `undefined` when it is none. @throws Missing */
  document(node: NodeId): TextDocument | undefined {
    const file = this.#files.get(node);
    if (file?.document !== undefined) return file.document;
    if ((file?.contents.length ?? 0) > 0) return undefined;
    const seed = this.seed(node);
    if (seed === undefined) return undefined;
    return this.#touch(node).open(this.around.engine, this.around.replica, seed, {
      tell: (history) => this.log.tell(node, seed.oid, history),
      updates: () => this.log.updates(node, seed.oid),
    });
  }

  /** What a file or link holds. @throws Missing */
  bytes(node: NodeId): Uint8Array {
    const file = this.#files.get(node);
    const content = file?.contents[0];
    if (content !== undefined) return content.bytes;
    if (file?.hasEdits === true) {
      const document = this.document(node);
      if (document !== undefined) return textToBytes(document.text());
    }
    const oid = this.baseEntry(node)?.oid ?? this.seed(node)?.oid;
    return typeof oid === 'string' ? this.around.blobs.bytes(oid) : new Uint8Array();
  }

  /** Whether a file's bytes are other than the base's, be they the same again. @throws Missing */
  isChanged(node: NodeId): boolean {
    const file = this.#files.get(node);
    if (file === undefined || (!file.hasEdits && file.contents.length === 0)) return false;
    if (file.contents.length === 0) {
      const document = this.document(node);
      return document !== undefined && document.text() !== file.seed?.text;
    }
    const entry = this.baseEntry(node);
    if (entry === null || entry.oid === null) return true;
    return !sameBytes(this.around.blobs.bytes(entry.oid), this.bytes(node));
  }

  /** @throws Missing */
  isExecutable(node: NodeId): boolean {
    const set = this.#files.get(node)?.executable;
    return set === undefined ? this.baseEntry(node)?.mode === 0o100755 : set.on;
  }

  /** The mode that git would give a file or link. @throws Missing */
  mode(node: NodeId): number {
    const type = this.typeOf(node);
    if (type === 'symlink') return 0o120000;
    if (type === 'file') return this.isExecutable(node) ? 0o100755 : 0o100644;
    return type === 'submodule' ? 0o160000 : 0o40000;
  }

  /** The same epoch once more, to try something in it. */
  copy(): EpochState {
    const copy = new EpochState(this.record, this.around);
    copy.useBase(this.#base);
    for (const [node, seed] of this.#seeds) copy.plant(node, seed);
    copy.#receive(this.log.missing({ epoch: this.record.id, vector: new Map() }));
    return copy;
  }

  /** Takes over what this replica did in a copy. */
  adopt(copy: EpochState): void {
    for (const [node, seed] of copy.#seeds) this.plant(node, seed);
    const { replica } = this.around;
    this.#receive(copy.log.messages(replica, this.log.nextSeq(replica)));
  }

  #receive(bytes: Uint8Array): void {
    const batches = decodeMessages(bytes).flatMap((message) => (message.kind === 'operations' ? [message.batch] : []));
    this.integrate(this.inbox.receive(batches).arrivals);
  }

  /** Ends its texts: this replica left it. */
  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  #seedOf(oid: Oid | null): Seed | undefined {
    if (oid === null) return { oid, text: '' };
    const text = textOfBytes(this.around.blobs.bytes(oid), this.around.textLimit);
    return text === undefined ? undefined : { oid, text };
  }

  #touch(node: NodeId): TouchedFile {
    let file = this.#files.get(node);
    if (file === undefined) this.#files.set(node, (file = new TouchedFile(node)));
    return file;
  }

  /** Of two who make the same entry (they carry it over) the first decides what it is. */
  #create(stamp: Stamp, { node, type, executable }: Create): void {
    const before = this.#made.get(node);
    if (before === undefined || compareStamps(stamp, before) < 0) {
      this.#made.set(node, { type, time: stamp.time, replica: stamp.replica });
    }
    if (type !== 'directory') this.#touch(node).setExecutable(stamp, executable);
  }

  /** Edits wait in the log until their text is opened. */
  #editText(span: TextSpan, texts: Map<NodeId, TextOperation[]>): void {
    const file = this.#touch(span.node);
    file.note(span.base);
    if (file.document === undefined) return;
    const held = texts.get(span.node) ?? [];
    for (const operation of this.log.texts(span)) if (isTextOperation(operation)) held.push(operation);
    texts.set(span.node, held);
  }

  #changeFile(operation: Operation): NodeId | undefined {
    const { action, time, replica } = operation;
    if (action.kind === 'content') this.#touch(action.node).setContent({ time, replica, bytes: action.bytes });
    if (action.kind === 'mode') this.#touch(action.node).setExecutable(operation, action.executable);
    if (action.kind === 'conflict') this.#conflict(operation as Operation & { readonly action: Conflict });
    if (action.kind !== 'resolve') return 'node' in action ? action.node : undefined;
    const key = keyOf(action.conflict);
    this.#resolved.add(key);
    const node = this.#conflictNodes.get(key);
    if (node !== undefined) this.#files.get(node)?.conflicts.delete(key);
    return node;
  }

  #conflict(operation: Operation & { readonly action: Conflict }): void {
    const key = keyOf(operation);
    const { node } = operation.action;
    this.#conflictNodes.set(key, node);
    if (!this.#resolved.has(key)) this.#touch(node).conflicts.set(key, operation);
  }

  #typeOfMade(node: NodeId): EntryType | undefined {
    const type = this.#made.get(node)?.type;
    return type === undefined || type === 'directory' || type === 'symlink' ? type : 'file';
  }
}

/** An operation as a key of a map. */
export function keyOf({ replica, seq }: OperationId): string {
  return `${replica}.${seq}`;
}
