import type { EpochId, NodeId, ReplicaId } from './ids.js';
import { compareStamps } from './ids.js';
import type { Presence } from './operation.js';

/** For how long a presence holds when it is not told again, in milliseconds. */
export const PRESENCE_LIFETIME_MS = 30_000;

/** A selection by anchors of the text engine. */
export type AnchoredSelection = Presence['selections'][number];

interface Told {
  readonly presence: Presence;
  /** By the clock of this replica. */
  readonly until: number;
}

/** Who is where: never in the log, and forgotten after a time. */
export class PresenceTable {
  readonly #replica: ReplicaId;
  readonly #clock: () => number;
  readonly #others = new Map<ReplicaId, Told>();
  #own: Presence | undefined;
  #count = 0;

  constructor(replica: ReplicaId, clock: () => number) {
    this.#replica = replica;
    this.#clock = clock;
  }

  /** What this replica tells; nothing before it told something. */
  get own(): Presence | undefined {
    return this.#own;
  }

  /** Says where this replica is. */
  tell(epoch: EpochId, node: NodeId | null, selections: readonly AnchoredSelection[]): Presence {
    // Who comes back after a crash counts on from the clock, not from what he forgot.
    this.#count = Math.max(this.#count + 1, Math.floor(this.#clock()));
    this.#own = { replica: this.#replica, epoch, count: this.#count, lifetime: PRESENCE_LIFETIME_MS, node, selections };
    return this.#own;
  }

  /** Takes what another tells; `false` when something newer is here. */
  receive(presence: Presence): boolean {
    if (presence.replica === this.#replica) return false;
    const before = this.#others.get(presence.replica)?.presence;
    if (before !== undefined && before.count >= presence.count) return false;
    this.#others.set(presence.replica, { presence, until: this.#clock() + presence.lifetime });
    return true;
  }

  /** What holds now and is told of `epoch`. */
  *holding(epoch: EpochId): Iterable<Presence> {
    const now = this.#clock();
    for (const [replica, { presence, until }] of this.#others) {
      if (until < now) this.#others.delete(replica);
      else if (compareStamps(presence.epoch, epoch) === 0) yield presence;
    }
  }

  /** Puts everybody, this replica too, into another epoch, as far as he was in `from`. */
  translate(from: EpochId, to: EpochId, carry: (presence: Presence) => Pick<Presence, 'node' | 'selections'>): void {
    if (this.#own !== undefined) this.#own = { ...this.#own, ...carry(this.#own), epoch: to };
    for (const [replica, told] of this.#others) {
      if (compareStamps(told.presence.epoch, from) !== 0) continue;
      const presence = { ...told.presence, ...carry(told.presence), epoch: to };
      this.#others.set(replica, { ...told, presence });
    }
  }
}
