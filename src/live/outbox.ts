import { concatBytes } from '@noble/hashes/utils.js';
import type { EpochState } from './epoch.js';
import type { ReplicaId } from './ids.js';
import { encodeEpoch } from './wire/messages.js';

/** Which of this replica's operations and epochs have not gone out yet. */
export class Outbox {
  readonly #replica: ReplicaId;
  /** How many of each epoch went out. */
  readonly #sent = new WeakMap<EpochState, number>();
  readonly #owed = new Set<EpochState>();

  constructor(replica: ReplicaId) {
    this.#replica = replica;
  }

  /** An epoch that was begun here: its record must go out before anything of it. */
  owe(epoch: EpochState): void {
    this.#owed.add(epoch);
  }

  /** What came from elsewhere, or went out before, does not go out again. */
  comeBack(epochs: Iterable<EpochState>): void {
    for (const epoch of epochs) this.#sent.set(epoch, epoch.log.nextSeq(this.#replica) - 1);
  }

  /** The messages that have to go out; empty when none have. They count as gone. */
  take(epochs: Iterable<EpochState>): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const epoch of epochs) {
      if (this.#owed.delete(epoch)) parts.push(encodeEpoch(epoch.record));
      const sent = this.#sent.get(epoch) ?? 0;
      const made = epoch.log.nextSeq(this.#replica) - 1;
      if (made > sent) parts.push(epoch.log.messages(this.#replica, sent + 1));
      this.#sent.set(epoch, made);
    }
    return parts.length === 1 ? (parts[0] ?? new Uint8Array()) : concatBytes(...parts);
  }
}
