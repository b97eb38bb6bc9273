import type { EpochState } from './epoch.js';
import { objectId, textToBytes } from './git-object.js';
import { basePathIn, compareStamps } from './ids.js';
import type { NodeId, Oid, OperationId, Stamp, Vector } from './ids.js';
import { forEachLoaded } from './loading.js';
import type { Action, MadeType, Operation } from './operation.js';
import type { Place } from './places.js';
import { diffTexts } from './text/diff.js';
import { mapOffset } from './text/edits.js';
import type { Edits, OwnPart } from './text/engine.js';
import { rebase } from './text/rebase.js';
import { isTextOperation } from './touched-file.js';

/** Work of one epoch that has to be done again in another. */
export interface Work {
  readonly epoch: EpochState;
  /** What of it the other epoch has already, or what it began from: texts are told apart from there. */
  readonly settled: Vector;
  /** Whether an operation that is not settled is to be carried. */
  readonly includes: (operation: Operation) => boolean;
  /** Of the entries there, where each is in the other epoch. @throws Missing */
  readonly translate: (node: NodeId) => NodeId | null;
  /** The creator of an epoch also carries what a commit cannot hold: conflicts, empty directories, text that its remover had not seen. */
  readonly withRemains: boolean;
}

/** What does the carried work. */
export interface Pen {
  write(action: Action): void;
  /** Edits a text that is open. */
  edit(node: NodeId, edits: Edits): void;
}

/** Learns what carrying takes, so that it is loaded, and does nothing. */
export const dryPen: Pen = { write: () => {}, edit: () => {} };

/** Carries work into `to`. With the dry pen it changes nothing and says, by `Missing`, what has to be loaded first. */
export function carryOver(work: Work, to: EpochState, pen: Pen): void {
  new CarryOver(work, to, pen).run();
}

class CarryOver {
  readonly #work: Work;
  readonly #from: EpochState;
  readonly #to: EpochState;
  readonly #pen: Pen;
  readonly #operations: readonly Operation[];
  readonly #stamps: ReadonlySet<string>;
  /** Made again, or to be, in this run. */
  readonly #placed = new Set<NodeId>();
  /** Have another entry at their path that cannot take their text. */
  readonly #displaced = new Set<NodeId>();

  constructor(work: Work, to: EpochState, pen: Pen) {
    this.#work = work;
    this.#from = work.epoch;
    this.#to = to;
    this.#pen = pen;
    const beyond = Array.from(work.epoch.log.operations(work.settled));
    this.#operations = beyond.filter((operation) => work.includes(operation));
    this.#stamps = new Set(this.#operations.map((operation) => stampKey(operation)));
  }

  run(): void {
    const moved = new Set<NodeId>();
    const texts = new Set<NodeId>();
    const others = new Set<NodeId>();
    for (const { action } of this.#operations) {
      if (action.kind === 'create' || action.kind === 'move') moved.add(action.node);
      else if (action.kind === 'text') texts.add(action.node);
      else if (action.kind !== 'resolve') others.add(action.node);
      if (action.kind === 'create' && action.type !== 'directory') others.add(action.node);
    }
    // A directory that is put into the trash must not be there before what leaves it.
    const places = this.#from.tree.places;
    const isRemoved = (node: NodeId): boolean => places.place(node)?.parent === null;
    forEachLoaded(Array.from(moved).filter((node) => !isRemoved(node)), (node) => this.#move(node));
    forEachLoaded(Array.from(moved).filter(isRemoved), (node) => this.#remove(node));
    if (this.#work.withRemains) forEachLoaded(this.#from.madeNodes(), (node) => this.#keepDirectory(node));
    forEachLoaded(texts, (node) => this.#editText(node));
    forEachLoaded(others, (node) => this.#setContent(node));
    forEachLoaded(this.#from.files(), ({ node }) => {
      if (this.#work.withRemains) this.#keepRemoved(node);
      this.#keepConflicts(node);
    });
  }

  #isOwn(stamp: Stamp): boolean {
    return this.#stamps.has(stampKey(stamp));
  }

  #translate(node: NodeId): NodeId | null {
    if (this.#placed.has(node)) return node;
    return this.#displaced.has(node) && this.#to.made(node) === undefined ? null : this.#work.translate(node);
  }

  /** The last place an entry was given by those whose work this is stands; who moved it later carries that himself. */
  #move(node: NodeId): void {
    const place = this.#from.tree.places.place(node);
    if (place === undefined || place.parent === null) return;
    const there = this.#translate(node);
    if (there === null) {
      if (this.#isLostDirectory(node) || !this.#from.tree.places.isTethered(node)) return;
      this.#place(node);
      return;
    }
    if (!this.#isOwn(place)) return;
    const parent = this.#place(place.parent);
    const now = this.#to.tree.places.place(there);
    if (parent === null || (now?.parent === parent && now.name === place.name)) return;
    this.#pen.write({ kind: 'move', node: there, parent, name: place.name });
  }

  /** A base directory that the new base does not have: to have moved it is no reason to make it again. */
  #isLostDirectory(node: NodeId): boolean {
    return basePathIn(this.#from.record.id, node) !== undefined && this.#from.typeOf(node) === 'directory';
  }

  #remove(node: NodeId): void {
    const place = this.#from.tree.places.place(node);
    if (place === undefined || !this.#isOwn(place)) return;
    const there = this.#translate(node);
    if (there === null || this.#to.tree.places.place(there)?.parent === null || this.#isOtherThere(node, there)) return;
    this.#pen.write({ kind: 'move', node: there, parent: null, name: place.name });
  }

  /** Whether the new base has other bytes for a removed file than any that its remover may have seen: then the file stays. */
  #isOtherThere(node: NodeId, there: NodeId): boolean {
    const oid = this.#to.baseEntry(there)?.oid;
    if (oid === undefined || oid === null || this.#from.typeOf(node) === 'directory') return false;
    if (this.#from.baseEntry(node)?.oid === oid) return false;
    const oids = [this.#oidOf(this.#from.bytes(node), oid)];
    const part = this.#part(node, () => true);
    if (part !== undefined) oids.push(this.#oidOf(textToBytes(part.before), oid));
    return !oids.includes(oid);
  }

  #oidOf(bytes: Uint8Array, like: Oid): Oid {
    return objectId('blob', bytes, like.length);
  }

  /** Where an entry is in the new epoch, having been made again there if need be, with the directories above it; `null` if nobody knows what it is. */
  #place(node: NodeId, below: ReadonlySet<NodeId> = new Set()): NodeId | null {
    const there = this.#translate(node);
    if (there !== null) return there;
    const type = this.#typeOf(node);
    if (type === undefined) return null;
    const { parent, name } = this.#lastPlace(node);
    const root = this.#to.view.places.root;
    // Removed entries remember places that may lie in one another.
    const into = parent === null || below.has(parent) ? root : (this.#place(parent, new Set([...below, node])) ?? root);
    const isFile = type !== 'directory';
    const executable = isFile && this.#from.isExecutable(node);
    const seed = type === 'text' ? this.#from.seed(node) : undefined;
    if (seed !== undefined) this.#to.plant(node, seed);
    const bytes = isFile && type !== 'text' ? this.#from.bytes(node) : undefined;
    this.#placed.add(node);
    this.#pen.write({ kind: 'create', node, parent: into, name, type, executable });
    if (bytes !== undefined) this.#pen.write({ kind: 'content', node, bytes });
    // A text that was a base's is known by an edit, which names its blob.
    if (typeof seed?.oid === 'string') this.#nameBase(node);
    return node;
  }

  #nameBase(node: NodeId): void {
    this.#to.document(node);
    this.#pen.edit(node, [{ start: 0, end: 0, text: ' ' }]);
    this.#pen.edit(node, [{ start: 0, end: 1, text: '' }]);
  }

  #typeOf(node: NodeId): MadeType | undefined {
    const made = this.#from.made(node);
    if (made !== undefined) return made.type;
    const type = this.#from.typeOf(node);
    if (type === 'directory' || type === 'symlink') return type;
    if (type !== 'file') return undefined;
    return this.#from.seed(node) === undefined ? 'binary' : 'text';
  }

  /** Where an entry is, or was before it went into the trash. */
  #lastPlace(node: NodeId): Pick<Place, 'parent' | 'name'> {
    const place = this.#from.tree.places.place(node);
    if (place !== undefined && place.parent !== null) return place;
    let last: (Stamp & Pick<Place, 'parent' | 'name'>) | undefined;
    for (const { action, time, replica } of this.#from.log.history(node)) {
      if ((action.kind !== 'create' && action.kind !== 'move') || action.parent === null) continue;
      const stamp = { time, replica, parent: action.parent, name: action.name };
      if (last === undefined || compareStamps(last, stamp) < 0) last = stamp;
    }
    return last ?? this.#from.tree.places.homeOf(node) ?? { parent: null, name: place?.name ?? 'recovered' };
  }

  /** The part of a text's history that is to be carried; `undefined` when it is no text. */
  #part(node: NodeId, includes: (operation: Operation) => boolean, settled = this.#work.settled): OwnPart | undefined {
    const seed = this.#from.seed(node);
    if (seed === undefined) return undefined;
    const before: Operation[] = [];
    const rest: Operation[] = [];
    const updates = [];
    for (const operation of this.#from.log.history(node)) {
      if (!isTextOperation(operation) || operation.action.base !== seed.oid) continue;
      const isBefore = operation.seq <= (settled.get(operation.replica) ?? 0);
      (isBefore ? before : rest).push(operation);
      updates.push({ author: operation.replica, update: operation.action.update, isBefore });
    }
    const settledUpdates = updates.filter(({ isBefore }) => isBefore);
    const others = updates.filter(({ isBefore }) => !isBefore);
    const { engine } = this.#from.around;
    return engine.separate(seed.text, settledUpdates, others, (index) => includes(rest[index]!));
  }

  #editText(node: NodeId): void {
    const part = this.#part(node, this.#work.includes);
    if (part === undefined || part.edits.length === 0) return;
    const place = this.#from.tree.places.place(node);
    const isRemovedHere = place !== undefined && place.parent === null && this.#isOwn(place);
    if (isRemovedHere && this.#translate(node) === null) return;
    this.#insert(node, part);
  }

  #insert(node: NodeId, part: OwnPart): void {
    const before = this.#translate(node);
    if (before !== null && this.#to.seed(before) === undefined) this.#displaced.add(node);
    const there = this.#place(node);
    const document = there === null ? undefined : this.#to.document(there);
    if (there === null || document === undefined) return;
    const { edits, conflicts } = rebase(part.edits, part.before, document.text());
    const places = conflicts.map(({ at }) => document.anchor(at, 'before'));
    if (edits.length > 0) this.#pen.edit(there, edits);
    for (const [index, conflict] of conflicts.entries()) {
      const { before: lines, ours } = conflict;
      this.#pen.write({ kind: 'conflict', node: there, at: places[index]!, before: lines, ours });
    }
  }

  #setContent(node: NodeId): void {
    const file = this.#from.file(node);
    const content = file?.contents[0];
    const mode = file?.executable;
    const there = this.#translate(node);
    if (content !== undefined && this.#isOwn(content)) {
      const place = there ?? (this.#from.tree.places.isTethered(node) ? this.#place(node) : null);
      if (place !== null && there !== null) this.#pen.write({ kind: 'content', node: place, bytes: content.bytes });
    }
    if (mode !== undefined && this.#isOwn(mode) && there !== null && !this.#placed.has(node)) {
      if (this.#to.isExecutable(there) !== mode.on) this.#pen.write({ kind: 'mode', node: there, executable: mode.on });
    }
  }

  /** Git keeps no empty directories. */
  #keepDirectory(node: NodeId): void {
    if (this.#from.made(node)?.type === 'directory' && this.#from.tree.places.isTethered(node)) this.#place(node);
  }

  /** Text in the trash that was not there for who removed it stays in the trash, and does not go with the commit. */
  #keepRemoved(node: NodeId): void {
    const { log, tree } = this.#from;
    if (tree.places.isTethered(node) || this.#from.file(node)?.hasEdits !== true || this.#translate(node) !== null) return;
    const seen = this.#seenByRemover(node);
    const isUnseen = Array.from(log.history(node)).some(
      (operation) => isTextOperation(operation) && operation.seq > (seen.get(operation.replica) ?? 0),
    );
    const part = isUnseen ? this.#part(node, () => true, new Map()) : undefined;
    if (part === undefined || part.edits.length === 0) return;
    const name = this.#lastPlace(node).name;
    this.#place(node);
    // First removed, then edited: so it is unseen by its remover there, too.
    this.#pen.write({ kind: 'move', node, parent: null, name });
    this.#insert(node, part);
  }

  #seenByRemover(node: NodeId): Vector {
    let place = this.#from.tree.places.place(node);
    while (place !== undefined && place.parent !== null) place = this.#from.tree.places.place(place.parent);
    const seen = new Map<number, number>();
    if (place === undefined) return seen;
    for (const operation of this.#from.log.operations()) {
      if (operation.replica !== place.replica || operation.time > place.time) continue;
      note(seen, operation);
      for (const dep of operation.deps) note(seen, dep);
    }
    return seen;
  }

  #keepConflicts(node: NodeId): void {
    for (const operation of this.#from.file(node)?.conflicts.values() ?? []) {
      const isSettled = operation.seq <= (this.#work.settled.get(operation.replica) ?? 0);
      if (!this.#isOwn(operation) && !(this.#work.withRemains && isSettled)) continue;
      const from = this.#from.document(node);
      const there = this.#place(node);
      const to = there === null ? undefined : this.#to.document(there);
      if (there === null || from === undefined || to === undefined) continue;
      const edits = diffTexts(from.text(), to.text());
      const at = mapOffset(from.resolve(operation.action.at) ?? 0, 'before', edits);
      this.#pen.write({ ...operation.action, node: there, at: to.anchor(at, 'before') });
    }
  }
}

function note(vector: Map<number, number>, { replica, seq }: OperationId): void {
  vector.set(replica, Math.max(vector.get(replica) ?? 0, seq));
}

function stampKey({ time, replica }: Stamp): string {
  return `${time}.${replica}`;
}

