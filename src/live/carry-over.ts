import type { EpochState } from './epoch.js';
import { basePathIn, compareStamps } from './ids.js';
import type { NodeId, OperationId, Stamp, Vector } from './ids.js';
import { forEachLoaded } from './loading.js';
import type { MadeType, Operation } from './operation.js';
import { viewAt } from './passage.js';
import type { Place, ReadonlyPlaces } from './places.js';
import { Removal, seenBy } from './removal.js';
import { diffTexts } from './text/diff.js';
import { mapOffset } from './text/edits.js';
import type { Edits, OwnPart } from './text/engine.js';
import { rebase } from './text/rebase.js';
import { isTextOperation } from './touched-file.js';
import { covers } from './version.js';

/** Work of one epoch that has to be done again in another. */
export interface Work {
  readonly epoch: EpochState;
  /** What of it the other epoch has already, or what it began from: texts are told apart from there. */
  readonly settled: Vector;
  /** Whether an operation that is not settled is to be carried. */
  readonly includes: (operation: Operation) => boolean;
  /** Of the entries there, where each is in the other epoch. @throws Missing */
  readonly translate: (node: NodeId) => NodeId | null;
  /**
   * What git does not hold of this version, and who carries it, is carried as well. The creator of an epoch: conflicts, empty directories, and the text of removed
   * files, which somebody else may be about to bring back. He may not know all of the version, so of the text an author carries what he finds lost.
   */
  readonly remains: { readonly version: Vector; readonly by: 'creator' | 'author' } | undefined;
}

/** Whether there is anything to carry. @throws Missing */
export function hasWork(work: Work): boolean {
  const { epoch, settled, includes, remains } = work;
  if (remains?.by === 'creator') return true;
  for (const operation of epoch.log.operations(settled)) if (includes(operation)) return true;
  return Array.from(epoch.files()).some(({ node }) => isLost(work, node));
}

/** Whether an edited text has no place in the other epoch, and may have been in the trash at the version. @throws Missing */
function isLost({ epoch, translate, remains }: Work, node: NodeId): boolean {
  if (remains === undefined || epoch.file(node)?.hasEdits !== true) return false;
  const mayBeRemoved = !epoch.tree.places.isTethered(node) || !covers(epoch.log.vector, remains.version);
  return mayBeRemoved && translate(node) === null;
}

/** Carries work into `to`. When something is missing `to` is left half done, and must be thrown away. @throws Missing */
export function carryOver(work: Work, to: EpochState): void {
  new CarryOver(work, to).run();
}

class CarryOver {
  readonly #work: Work;
  readonly #from: EpochState;
  readonly #to: EpochState;
  readonly #operations: readonly Operation[];
  readonly #stamps: ReadonlySet<string>;
  /** Made again in this run. */
  readonly #placed = new Set<NodeId>();
  /** Have another entry at their path that cannot take their text. */
  readonly #displaced = new Set<NodeId>();

  constructor(work: Work, to: EpochState) {
    this.#work = work;
    this.#from = work.epoch;
    this.#to = to;
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
    forEachLoaded(
      Array.from(moved).filter((node) => !isRemoved(node)),
      (node) => this.#move(node),
    );
    forEachLoaded(Array.from(moved).filter(isRemoved), (node) => this.#remove(node));
    const { remains } = this.#work;
    if (remains?.by === 'creator') {
      forEachLoaded(this.#from.madeNodes(), (node) => this.#keepDirectory(node));
      const { places: then } = viewAt(this.#from, remains.version);
      forEachLoaded(this.#from.files(), ({ node }) => this.#keepRemoved(node, then, remains.version, () => true));
    } else if (remains?.by === 'author') {
      forEachLoaded(this.#from.files(), ({ node }) => {
        if (!isLost(this.#work, node)) return;
        const { places: then } = viewAt(this.#from, remains.version);
        this.#keepRemoved(node, then, remains.version, this.#work.includes);
      });
    }
    forEachLoaded(texts, (node) => this.#editText(node));
    forEachLoaded(others, (node) => this.#setContent(node));
    forEachLoaded(this.#from.files(), ({ node }) => this.#keepConflicts(node));
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
    this.#to.write({ kind: 'move', node: there, parent, name: place.name });
  }

  /** A base directory that the new base does not have: to have moved it is no reason to make it again. */
  #isLostDirectory(node: NodeId): boolean {
    return basePathIn(this.#from.record.id, node) !== undefined && this.#from.typeOf(node) === 'directory';
  }

  /** What is there in the new base that the remover had not seen stays. */
  #remove(node: NodeId): void {
    const place = this.#from.tree.places.place(node);
    if (place === undefined || !this.#isOwn(place)) return;
    const there = this.#translate(node);
    if (there === null || this.#to.tree.places.place(there)?.parent === null) return;
    const removal = new Removal(this.#from, this.#to, this.#seenByRemover(node));
    for (const gone of removal.of(node, there)) {
      const { name } = this.#to.tree.places.place(gone) ?? place;
      this.#to.write({ kind: 'move', node: gone, parent: null, name });
    }
  }

  /** Where an entry is in the new epoch, having been made again there if need be, with the directories above it; `null` if nobody knows what it is. */
  #place(node: NodeId, below: ReadonlySet<NodeId> = new Set(), last = this.#lastPlace(node)): NodeId | null {
    const there = this.#translate(node);
    if (there !== null) return there;
    const type = this.#typeOf(node);
    if (type === undefined) return null;
    const { parent, name } = last;
    const root = this.#to.view.places.root;
    // Removed entries remember places that may lie in one another.
    const into = parent === null || below.has(parent) ? root : (this.#place(parent, new Set([...below, node])) ?? root);
    const isFile = type !== 'directory';
    const executable = isFile && this.#from.isExecutable(node);
    const seed = type === 'text' ? this.#from.seed(node) : undefined;
    if (seed !== undefined) this.#to.plant(node, seed);
    const bytes = isFile && type !== 'text' ? this.#from.bytes(node) : undefined;
    this.#placed.add(node);
    this.#to.write({ kind: 'create', node, parent: into, name, type, executable });
    if (bytes !== undefined) this.#to.write({ kind: 'content', node, bytes });
    // A text that was a base's is known by an edit, which names its blob.
    if (typeof seed?.oid === 'string') this.#nameBase(node);
    return node;
  }

  #edit(node: NodeId, edits: Edits): void {
    const document = this.#to.document(node);
    const update = document?.edit(edits);
    if (update !== undefined) this.#to.write({ kind: 'text', node, base: this.#to.seed(node)?.oid ?? null, update });
  }

  #nameBase(node: NodeId): void {
    this.#edit(node, [{ start: 0, end: 0, text: ' ' }]);
    this.#edit(node, [{ start: 0, end: 1, text: '' }]);
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
    if (edits.length > 0) this.#edit(there, edits);
    for (const [index, conflict] of conflicts.entries()) {
      const { before: lines, ours } = conflict;
      this.#to.write({ kind: 'conflict', node: there, at: places[index]!, before: lines, ours });
    }
  }

  #setContent(node: NodeId): void {
    const file = this.#from.file(node);
    const content = file?.contents[0];
    const mode = file?.executable;
    let there = this.#placed.has(node) ? null : this.#translate(node);
    if (content !== undefined && this.#isOwn(content)) {
      // Bytes would write over the text of somebody who put one in its place.
      if (there !== null && this.#to.seed(there) !== undefined) {
        this.#displaced.add(node);
        there = null;
      }
      // An entry that is made again has its content at once.
      if (there !== null) this.#to.write({ kind: 'content', node: there, bytes: content.bytes });
      else if (this.#from.tree.places.isTethered(node)) this.#place(node);
    }
    if (mode !== undefined && this.#isOwn(mode) && there !== null) {
      if (this.#to.isExecutable(there) !== mode.on) this.#to.write({ kind: 'mode', node: there, executable: mode.on });
    }
  }

  /** Git keeps no empty directories. */
  #keepDirectory(node: NodeId): void {
    if (this.#from.made(node)?.type === 'directory' && this.#from.tree.places.isTethered(node)) this.#place(node);
  }

  /**
   * Git does not hold text that was in the trash. What its remover had not seen stays there from epoch to epoch. Of a version that is not wholly known here an
   * operation may have put into the trash what the new base does not have: its text goes there as well.
   */
  #keepRemoved(node: NodeId, then: ReadonlyPlaces, version: Vector, includes: (operation: Operation) => boolean): void {
    const isIn = ({ replica, seq }: OperationId): boolean => seq <= (version.get(replica) ?? 0);
    if (this.#from.file(node)?.hasEdits !== true || then.place(node) === undefined) return;
    const wasRemoved = !then.isTethered(node);
    if (!wasRemoved && covers(this.#from.log.vector, version)) return;
    if (this.#translate(node) !== null && !this.#placed.has(node)) return;
    const part = this.#part(node, (operation) => isIn(operation) && includes(operation), new Map());
    if (part === undefined || part.edits.length === 0) return;
    if (wasRemoved && this.#from.tree.places.isTethered(node)) {
      this.#insert(node, part);
      return;
    }
    const { name } = this.#lastPlace(node);
    const seen = this.#seenByRemover(node);
    const isUnseen = Array.from(this.#from.log.history(node)).some(
      (operation) =>
        isTextOperation(operation) && isIn(operation) && operation.seq > (seen.get(operation.replica) ?? 0),
    );
    this.#place(node, undefined, { parent: null, name });
    // Edited after it was removed, it is unseen by its remover there, too.
    if (!isUnseen) this.#insert(node, part);
    this.#to.write({ kind: 'move', node, parent: null, name });
    if (isUnseen) this.#insert(node, part);
  }

  /** What who put an entry, or what it lies in, into the trash had seen. */
  #seenByRemover(node: NodeId): Vector {
    let place = this.#from.tree.places.place(node);
    while (place !== undefined && place.parent !== null) place = this.#from.tree.places.place(place.parent);
    return place === undefined ? new Map() : seenBy(this.#from.log, place);
  }

  #keepConflicts(node: NodeId): void {
    for (const operation of this.#from.file(node)?.conflicts.values() ?? []) {
      const isSettled = operation.seq <= (this.#work.settled.get(operation.replica) ?? 0);
      if (!this.#isOwn(operation) && !(this.#work.remains?.by === 'creator' && isSettled)) continue;
      const from = this.#from.document(node);
      const there = this.#place(node);
      const to = there === null ? undefined : this.#to.document(there);
      if (there === null || from === undefined || to === undefined) continue;
      const edits = diffTexts(from.text(), to.text());
      const at = mapOffset(from.resolve(operation.action.at) ?? 0, 'before', edits);
      this.#to.write({ ...operation.action, node: there, at: to.anchor(at, 'before') });
    }
  }
}

function stampKey({ time, replica }: Stamp): string {
  return `${time}.${replica}`;
}
