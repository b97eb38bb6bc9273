import { basePathIn, baseNode } from './ids.js';
import type { EpochId, NodeId, OperationId, Stamp } from './ids.js';

/** Where an entry is, and the moment of the operation that put it there; for a base entry that nobody touched the moment is (0, 0). */
export interface Place extends Stamp {
  /** `null`: the trash. */
  readonly parent: NodeId | null;
  readonly name: string;
}

/** What a `create` or `move` operation does to the tree. */
export interface TreeMove extends OperationId, Place {
  readonly node: NodeId;
}

/** Places for reading; who holds one cannot change the tree. */
export type ReadonlyPlaces = Omit<Places, 'admits' | 'put' | 'index' | 'copy'>;

const none: ReadonlySet<never> = new Set<never>();

/**
 * Where every entry is at one moment. A base entry of the epoch has its place by its id until it is touched and takes no memory before; whether the
 * base really has it is not known here. Every other entry is nowhere until an operation puts it somewhere.
 */
export class Places {
  readonly epoch: EpochId;
  readonly root: NodeId;
  readonly #stored = new Map<NodeId, TreeMove>();
  /** Touched entries by directory and name. Most names have one, and a string is smaller than a set of one. */
  readonly #children = new Map<NodeId, Map<string, NodeId | Set<NodeId>>>();
  readonly #trash = new Set<NodeId>();
  /** Names of touched base entries by the directory in which the base has them. */
  readonly #touchedIn = new Map<NodeId, Set<string>>();
  /** All that any move ever asked for as a parent, with what holds that by its id. */
  readonly #holders = new Set<NodeId>();

  constructor(epoch: EpochId) {
    this.epoch = epoch;
    this.root = baseNode(epoch, '');
  }

  /** `undefined`: nowhere, or the root. */
  place(node: NodeId): Place | undefined {
    return this.#stored.get(node) ?? this.homeOf(node);
  }

  /** Where an entry is without any operation: a base entry of this epoch where its id says, everything else nowhere. */
  homeOf(node: NodeId): Place | undefined {
    const parent = this.#derivedParent(node);
    if (parent === undefined) return undefined;
    return { parent, name: node.slice(node.lastIndexOf('/') + 1), time: 0, replica: 0 };
  }

  /** The path that this epoch's base has the entry at; `undefined` for every other entry. */
  basePath(node: NodeId): string | undefined {
    return basePathIn(this.epoch, node);
  }

  /** The base entry `name` of a base directory. */
  baseChild(directory: NodeId, name: string): NodeId {
    return directory === this.root ? directory + name : `${directory}/${name}`;
  }

  /** Whether an operation with effect placed the entry. */
  isTouched(node: NodeId): boolean {
    return this.#stored.has(node);
  }

  /** All entries that operations placed. */
  touched(): Iterable<NodeId> {
    return this.#stored.keys();
  }

  /** Whether a base entry is where the base has it, be it that it came back. */
  isInOwnPlace(node: NodeId): boolean {
    const stored = this.#stored.get(node);
    const own = this.homeOf(node);
    return own !== undefined && (stored === undefined || (stored.parent === own.parent && stored.name === own.name));
  }

  /** The touched entries in a directory, in no order. */
  *children(directory: NodeId): Iterable<NodeId> {
    for (const held of this.#children.get(directory)?.values() ?? none) {
      if (typeof held === 'string') yield held;
      else yield* held;
    }
  }

  /** The names of the touched entries in a directory, in no order. */
  names(directory: NodeId): Iterable<string> {
    return this.#children.get(directory)?.keys() ?? none;
  }

  /** The touched entries of one name in a directory, in no order. */
  named(directory: NodeId, name: string): Iterable<NodeId> {
    const held = this.#children.get(directory)?.get(name);
    return held === undefined ? none : typeof held === 'string' ? [held] : held;
  }

  /** The entries that were put in the trash themselves; those below them are elsewhere by their place. */
  removed(): Iterable<NodeId> {
    return this.#trash;
  }

  /** The names, in the base, of those entries of a base directory that were touched, wherever they are now. */
  touchedIn(directory: NodeId): ReadonlySet<string> {
    return this.#touchedIn.get(directory) ?? none;
  }

  /** Whether the entry is `ancestor` or somewhere below it. */
  isWithin(node: NodeId, ancestor: NodeId): boolean {
    for (let at: NodeId | null | undefined = node; typeof at === 'string'; at = this.#parent(at)) {
      if (at === ancestor) return true;
    }
    return false;
  }

  /** Whether the root can be reached upwards: not in the trash, not below it, not nowhere. */
  isTethered(node: NodeId): boolean {
    return this.isWithin(node, this.root);
  }

  /**
   * Whether a move closes no circle: its target is neither the entry itself nor below it. To be asked before every `put` of a move. An entry that no move ever
   * had as a parent, nor by ids above one, has nothing below it that a move could name, so most moves (of files, of new entries) need no walk up
   * the tree: each step of such a walk goes to a holder, from a placed entry to its parent and from an untouched one to what holds it by its id.
   */
  admits({ node, parent }: TreeMove): boolean {
    if (node === this.root || parent === null) return node !== this.root;
    for (
      let at: NodeId | undefined = parent;
      at !== undefined && !this.#holders.has(at);
      at = this.#derivedParent(at)
    ) {
      this.#holders.add(at);
    }
    return !this.#holders.has(node) || !this.isWithin(parent, node);
  }

  /**
   * Puts an entry where `move` says, or back to where it is without any operation. Returns what held until now. Makes no checks. What is found by
   * directory follows only with `index`, so that taking back and doing again costs no more than it must.
   */
  put(node: NodeId, move: TreeMove | undefined): TreeMove | undefined {
    const before = this.#stored.get(node);
    if (move === undefined) this.#stored.delete(node);
    else this.#stored.set(node, move);
    return before;
  }

  /** Makes an entry found where it is now; `before` is what held when it was last indexed. */
  index(node: NodeId, before: TreeMove | undefined): void {
    const move = this.#stored.get(node);
    if (before !== undefined) this.#unlink(node, before);
    if (move !== undefined) this.#link(node, move);
    if ((before === undefined) !== (move === undefined)) this.#markTouched(node, move !== undefined);
  }

  /** Those places, before anything is indexed. */
  copy(): Places {
    const copy = new Places(this.epoch);
    for (const [node, move] of this.#stored) copy.#stored.set(node, move);
    for (const node of this.#holders) copy.#holders.add(node);
    return copy;
  }

  #parent(node: NodeId): NodeId | null | undefined {
    const stored = this.#stored.get(node);
    if (stored !== undefined) return stored.parent;
    return this.#derivedParent(node);
  }

  #derivedParent(node: NodeId): NodeId | undefined {
    if (!node.startsWith(this.root) || node.length === this.root.length) return undefined;
    const slash = node.lastIndexOf('/');
    return slash < this.root.length ? this.root : node.slice(0, slash);
  }

  #link(node: NodeId, { parent, name }: TreeMove): void {
    if (parent === null) {
      this.#trash.add(node);
      return;
    }
    let names = this.#children.get(parent);
    if (names === undefined) this.#children.set(parent, (names = new Map()));
    const held = names.get(name);
    if (held === undefined) names.set(name, node);
    else if (typeof held === 'string') names.set(name, new Set([held, node]));
    else held.add(node);
  }

  #unlink(node: NodeId, { parent, name }: TreeMove): void {
    if (parent === null) {
      this.#trash.delete(node);
      return;
    }
    const names = this.#children.get(parent);
    const held = names?.get(name);
    if (names === undefined || held === undefined) return;
    if (typeof held !== 'string') {
      held.delete(node);
      if (held.size > 0) return;
    }
    names.delete(name);
    if (names.size === 0) this.#children.delete(parent);
  }

  #markTouched(node: NodeId, touched: boolean): void {
    const own = this.homeOf(node);
    if (own === undefined || own.parent === null) return;
    const names = this.#touchedIn.get(own.parent);
    if (!touched) {
      names?.delete(own.name);
      if (names?.size === 0) this.#touchedIn.delete(own.parent);
    } else if (names === undefined) this.#touchedIn.set(own.parent, new Set([own.name]));
    else names.add(own.name);
  }
}
