import { LiveError } from './errors.js';
import { compareStamps } from './ids.js';
import type { EpochId, NodeId, OperationId, Stamp } from './ids.js';
import { Places } from './places.js';
import type { Place, ReadonlyPlaces, TreeMove } from './places.js';

/** An entry whose place is another than before a batch, or was given by another operation (which decides who keeps a name). */
export interface PlaceChange {
  readonly node: NodeId;
  readonly before: Place | undefined;
  readonly after: Place | undefined;
}

interface Logged {
  readonly move: TreeMove;
  /** What held before it, to take it back. */
  before: TreeMove | undefined;
  /** False: it would have closed a circle. */
  effective: boolean;
}

/**
 * The replicated tree with a move operation of Kleppmann, Mulligan, Gomes and Beresford, "A highly-available move operation for replicated
 * trees" (IEEE TPDS 2021).
 *
 * Why it converges: the places are a function of the *sorted* list of moves alone. Moves are done in the order of (time, replica), each upon what the ones
 * before it left; one that comes late is worked in by taking back all that are later, doing it, and doing those again. So after any batch the places
 * are those of a replay of the whole list from the beginning, and who holds the same moves holds the same tree.
 * Why it stays a tree: it begins as one (every base entry hangs below the root by its id), and a move is skipped when its target is the entry itself or
 * lies below it; any other move takes a whole subtree off and hangs it outside of itself, which closes no circle. Skipping is part of that function: the same move
 * is skipped or not by everybody.
 *
 * Late moves cost the moves later than the earliest of the batch, once for the batch.
 */
export class MoveTree {
  readonly #places: Places;
  /** Sorted by stamp; no stamp twice. */
  #log: Logged[] = [];
  #floor: Stamp = { time: 0, replica: 0 };

  constructor(epoch: EpochId) {
    this.#places = new Places(epoch);
  }

  /** Where everything is now; the same object for ever, it moves along. */
  get places(): ReadonlyPlaces {
    return this.#places;
  }

  /** How many moves are kept, to work in late ones. */
  get logged(): number {
    return this.#log.length;
  }

  /**
   * Works in a batch of moves, in any order, late ones as well; one that is here already has no effect. Returns the entries
   * that changed place, each once, in no order: nothing else changed, so only the directories named there have another view (and those that merge with them).
   * @throws LiveError ARGUMENT_INVALID when a move is older than what was truncated; nothing is done then
   */
  apply(moves: readonly TreeMove[]): readonly PlaceChange[] {
    const batch = moves.length > 1 ? moves.toSorted(compareStamps) : moves;
    const first = batch[0];
    if (first === undefined) return [];
    if (compareStamps(first, this.#floor) < 0) {
      throw new LiveError('ARGUMENT_INVALID', `A move of time ${first.time} is older than the truncated log.`);
    }
    const before = new Map<NodeId, TreeMove | undefined>();
    const late = this.#log.splice(this.#position(first));
    for (let at = late.length - 1; at >= 0; at -= 1) this.#undo(late[at]!, before);
    this.#redo(late, batch, before);
    return this.#changes(before);
  }

  /**
   * Forgets how to take back the moves before `stamp`. Only for a stamp below which nobody can bring a move any more: all replicas have
   * seen all moves below it, and a time as late.
   */
  truncate(stamp: Stamp): void {
    if (compareStamps(stamp, this.#floor) <= 0) return;
    this.#floor = stamp;
    this.#log = this.#log.slice(this.#position(stamp));
  }

  /**
   * Where everything is by those moves alone that `includes` holds, which must hold with each operation all that its author had seen, and
   * everything that was truncated.
   */
  at(includes: (operation: OperationId) => boolean): ReadonlyPlaces {
    const places = this.#places.copy();
    const excluded = this.#log.findIndex(({ move }) => !includes(move));
    const first = excluded < 0 ? this.#log.length : excluded;
    for (let at = this.#log.length - 1; at >= first; at -= 1) {
      const { move, before, effective } = this.#log[at]!;
      if (effective) places.put(move.node, before);
    }
    for (let at = first; at < this.#log.length; at += 1) {
      const { move } = this.#log[at]!;
      if (includes(move) && places.admits(move)) places.put(move.node, move);
    }
    for (const node of places.touched()) places.index(node, undefined);
    return places;
  }

  /** The index of the first logged move that is not before `stamp`. */
  #position(stamp: Stamp): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareStamps(this.#log[middle]!.move, stamp) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #undo({ move, before, effective }: Logged, seen: Map<NodeId, TreeMove | undefined>): void {
    if (!effective) return;
    const held = this.#places.put(move.node, before);
    if (!seen.has(move.node)) seen.set(move.node, held);
  }

  #redo(late: readonly Logged[], batch: readonly TreeMove[], seen: Map<NodeId, TreeMove | undefined>): void {
    let next = 0;
    for (const move of batch) {
      while (next < late.length && compareStamps(late[next]!.move, move) < 0) this.#perform(late[next++]!, seen);
      const last = this.#log.at(-1)?.move;
      const isHere =
        (next < late.length && compareStamps(late[next]!.move, move) === 0) ||
        (last !== undefined && compareStamps(last, move) === 0);
      if (!isHere) this.#perform({ move, before: undefined, effective: false }, seen);
    }
    while (next < late.length) this.#perform(late[next++]!, seen);
  }

  #perform(logged: Logged, seen: Map<NodeId, TreeMove | undefined>): void {
    const { move } = logged;
    this.#log.push(logged);
    logged.effective = this.#places.admits(move);
    if (!logged.effective) return;
    logged.before = this.#places.put(move.node, move);
    if (!seen.has(move.node)) seen.set(move.node, logged.before);
  }

  #changes(seen: ReadonlyMap<NodeId, TreeMove | undefined>): PlaceChange[] {
    const changes: PlaceChange[] = [];
    for (const [node, held] of seen) {
      const after = this.#places.place(node);
      // Moves are never copied, so the same object is the same place; what is untouched both before and after is so to begin with.
      const isSame = held === undefined ? !this.#places.isTouched(node) : held === after;
      if (isSame) continue;
      this.#places.index(node, held);
      changes.push({ node, before: held ?? this.#places.homeOf(node), after });
    }
    return changes;
  }
}
