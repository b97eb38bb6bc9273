import type { Work } from './carry-over.js';
import { EpochState } from './epoch.js';
import type { Effects, Surroundings } from './epoch.js';
import { compareStamps } from './ids.js';
import type { EpochId, Vector } from './ids.js';
import type { Deferred } from './deferral.js';
import { Lobby } from './lobby.js';
import type { Epoch, Operation } from './operation.js';
import { Passage, settledBy } from './passage.js';
import type { Batch } from './wire/batch-codec.js';
import type { Message } from './wire/messages.js';
import type { Refusal } from './wire/refusal.js';

/** What came of messages. */
export interface Worked {
  /** Operations and epochs that were not here before. */
  readonly taken: number;
  /** What the operations of the active epoch did. */
  readonly effects: Effects | undefined;
  readonly refused: readonly Refusal[];
}

/** All epochs that this replica knows, and the way it took through them. */
export class Chronicle {
  readonly #around: Surroundings;
  readonly #epochs = new Map<string, EpochState>();
  readonly #lobby = new Lobby();
  /** The epochs that this replica made active, one after the other. */
  #way: EpochState[] = [];
  /** Epochs before it were forgotten. */
  #floor: EpochId | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  get active(): EpochState {
    return this.#way.at(-1)!;
  }

  get isEmpty(): boolean {
    return this.#way.length === 0;
  }

  /** All that are known, the oldest first. */
  all(): EpochState[] {
    return Array.from(this.#epochs.values()).sort((a, b) => compareStamps(a.record.id, b.record.id));
  }

  known(id: EpochId): EpochState | undefined {
    return this.#epochs.get(key(id));
  }

  /** The greatest epoch that is known with all that belongs to it. */
  newest(): EpochState | undefined {
    let newest: EpochState | undefined;
    for (const epoch of this.#epochs.values()) {
      if (epoch.isWhole && (newest === undefined || compareStamps(newest.record.id, epoch.record.id) < 0))
        newest = epoch;
    }
    return newest;
  }

  /** Takes what was decoded; nothing of it changes which epoch is active. */
  receive(messages: readonly Message[]): Worked {
    const refused: Refusal[] = [];
    const batches = new Map<EpochState, Batch[]>();
    const early: Batch[] = [];
    let taken = 0;
    for (const message of messages) {
      if (message.kind === 'refused') refused.push(message.refusal);
      if (message.kind === 'epoch' && this.#add(message.epoch, batches)) taken += 1;
    }
    for (const message of messages) {
      if (message.kind !== 'operations') continue;
      const epoch = this.known(message.batch.epoch);
      const held = epoch === undefined ? undefined : batches.get(epoch);
      if (held !== undefined) held.push(message.batch);
      else if (epoch !== undefined) batches.set(epoch, [message.batch]);
      else if (!this.#isOver(message.batch.epoch)) early.push(message.batch);
    }
    this.#lobby.hold(early);
    let effects: Effects | undefined;
    for (const [epoch, held] of batches) {
      const received = epoch.inbox.receive(held);
      refused.push(...received.refused);
      taken += received.count;
      const done = epoch.integrate(received.arrivals);
      refused.push(...done.refused);
      if (epoch === this.#way.at(-1)) effects = done;
    }
    return { taken, effects, refused };
  }

  /** Knows an epoch from now on. */
  add(epoch: EpochState): void {
    const { lamport } = this.#around;
    lamport.time = Math.max(lamport.time, epoch.record.id.time);
    this.#epochs.set(key(epoch.record.id), epoch);
  }

  /** Makes an epoch the active one; all that this replica carries over is in it. `isReturn`: this replica made things in it before. */
  enter(epoch: EpochState, isReturn: boolean): void {
    // What of its own it had carried is not known any more: in case of doubt it did not, so that nothing is lost.
    epoch.entered = isReturn ? carriedBy(epoch) : new Map(epoch.log.vector);
    this.#way.push(epoch);
    this.#lobby.forget(epoch.record.id);
  }

  /** The way of a replica that comes back with what it had: through the epochs in which it made something. */
  comeBack(to: EpochState): void {
    const { replica } = this.#around;
    const before = Array.from(this.#epochs.values()).filter(
      (epoch) => compareStamps(epoch.record.id, to.record.id) < 0 && epoch.log.vector.has(replica),
    );
    this.#way = before.toSorted((a, b) => compareStamps(a.record.id, b.record.id));
    for (const epoch of this.#way) epoch.entered = carriedBy(epoch);
  }

  /** Whether this replica made something in an epoch: then it was in it, and carried what there was to carry. */
  hasOwn(epoch: EpochState): boolean {
    return epoch.log.vector.has(this.#around.replica);
  }

  /**
   * What this replica has to carry into `to`: its own operations in the newest epoch on its way from which `to` descends, as far as that line did not settle them;
   * and those of the epochs that it was in since, which were not carried themselves. In the first of these all that it brought along from before is included.
   */
  works(to: EpochState): Work[] {
    const { replica } = this.#around;
    if (this.hasOwn(to)) return [];
    const from = this.#way.findLastIndex((epoch) => settledBy(to, epoch.record.id) !== undefined);
    return this.#way.slice(Math.max(from, 0)).map((epoch) => {
      const version = settledBy(to, epoch.record.id);
      const remains = version && ({ version, by: 'author' } as const);
      const settled = version ?? epoch.entered ?? new Map();
      return this.work(epoch, to, settled, (operation) => operation.replica === replica, remains);
    });
  }

  work(
    epoch: EpochState,
    to: EpochState,
    settled: Vector,
    includes: (operation: Operation) => boolean,
    remains?: Work['remains'],
  ): Work {
    const passage = this.passage(epoch, to);
    return { epoch, settled, includes, translate: (node) => passage.translate(node), remains };
  }

  passage(from: EpochState, to: EpochState): Passage {
    return new Passage(from, to, (id) => this.known(id));
  }

  /** Forgets the epochs before the active one, and the blobs they needed. */
  forget(): void {
    const { active } = this;
    this.#around.blobs.forget();
    for (const [name, epoch] of this.#epochs) {
      if (compareStamps(epoch.record.id, active.record.id) < 0) this.#epochs.delete(name);
    }
    this.#way = [active];
    this.#floor = active.record.id;
  }

  /** What waits, of the active epoch and of later ones: who made what waits in an earlier one carries it over himself. */
  deferred(): Deferred[] {
    const since = this.active.record.id;
    const epochs = Array.from(this.#epochs.values()).filter(({ record }) => compareStamps(record.id, since) >= 0);
    return [...epochs.flatMap((epoch) => epoch.inbox.deferred()), ...this.#lobby.deferred()];
  }

  #add(record: Epoch, batches: Map<EpochState, Batch[]>): boolean {
    if (this.known(record.id) !== undefined || this.#isOver(record.id)) return false;
    const epoch = new EpochState(record, this.#around);
    this.add(epoch);
    batches.set(epoch, this.#lobby.take(record.id));
    return true;
  }

  /** Whether an epoch that is not known will never be honoured, and nothing of it is needed. */
  #isOver(id: EpochId): boolean {
    const floor = this.#floor ?? this.#way.at(-1)?.record.id;
    return floor !== undefined && compareStamps(id, floor) < 0;
  }
}

function carriedBy({ record }: EpochState): Vector {
  return new Map([[record.id.replica, record.carried]]);
}

function key({ time, replica }: EpochId): string {
  return `${time}.${replica}`;
}
