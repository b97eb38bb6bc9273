import { beginsWith, copyOf, Deferral, DEFERRAL_LIMITS, type Deferred, type DeferralLimits } from './deferral.js';
import type { OperationId, ReplicaId } from './ids.js';
import { type Arrival, isTextSpan, type Log } from './log.js';
import type { Operation } from './operation.js';
import type { Batch } from './wire/batch-codec.js';
import { isRefusal, type Refusal } from './wire/refusal.js';

export class Received {
  /** Now in the log, in causal order, each once. */
  readonly arrivals: readonly Arrival[];
  readonly refused: readonly Refusal[];
  readonly #log: Log;

  constructor(log: Log, arrivals: readonly Arrival[], refused: readonly Refusal[]) {
    this.arrivals = arrivals;
    this.refused = refused;
    this.#log = log;
  }

  /** How many operations came. */
  get count(): number {
    return this.arrivals.reduce(
      (count, arrival) => count + (isTextSpan(arrival) ? arrival.last - arrival.first + 1 : 1),
      0,
    );
  }

  /** Each made into an object. */
  get operations(): Operation[] {
    return this.arrivals.flatMap((arrival) => (isTextSpan(arrival) ? [...this.#log.texts(arrival)] : [arrival]));
  }
}

/** A batch, and which of its operations is the next. */
interface Cursor {
  readonly batch: Batch;
  readonly index: number;
}

/** A batch that stopped at an operation which waits for another. */
interface Tail extends Cursor {
  readonly waitsFor: OperationId;
}

/**
 * Brings the operations of one epoch into causal order. What it gives out is in the log, and counts as integrated whatever comes of it.
 * Operations that wait are looked for by the one they wait for, so that each is looked at again only when it can go on.
 */
export class Inbox {
  readonly #log: Log;
  readonly #waiting: Deferral<Tail>;
  /** By what is waited for (replica, then seq), then by who waits. */
  readonly #waiters = new Map<ReplicaId, Map<number, Map<ReplicaId, Tail>>>();

  constructor(log: Log, limits: DeferralLimits = DEFERRAL_LIMITS) {
    this.#log = log;
    this.#waiting = new Deferral(limits);
  }

  /** Takes batches of the log's epoch: all those of one input at once, because what waits is limited only between two calls. Never throws. */
  receive(batches: readonly Batch[]): Received {
    const call = new Call();
    for (const batch of batches) {
      call.ready.push({ batch, index: 0 });
      for (let cursor = call.ready.pop(); cursor !== undefined; cursor = call.ready.pop()) this.#advance(cursor, call);
    }
    for (const tail of call.stopped) {
      this.#unlink(tail);
      const kept = { batch: copyOf(tail.batch, tail.index), index: 0, waitsFor: tail.waitsFor };
      this.#link(kept);
      this.#waiting.add(kept);
    }
    for (const gone of this.#waiting.trim()) this.#unlink(gone);
    return new Received(this.#log, call.arrivals, call.refused);
  }

  /** Takes of a batch what can be taken now. */
  #advance({ batch, index }: Cursor, call: Call): void {
    const { replica } = batch;
    for (let at = index; at < batch.ends.length;) {
      const seq = batch.first + at;
      const next = this.#log.nextSeq(replica);
      if (seq < next) {
        const from = batch.ends[at - 1] ?? 0;
        at += 1;
        if (this.#log.holds({ replica, seq }, batch.bytes, from, batch.ends[at - 1] ?? from)) continue;
        call.refused.push(this.#equivocation(replica, seq));
        return;
      }
      const taken = seq > next ? { waitsFor: { replica, seq: seq - 1 } } : this.#log.acceptSome(batch, at);
      if ('waitsFor' in taken) {
        this.#stop({ batch, index: at, waitsFor: taken.waitsFor }, call);
        return;
      }
      if (isRefusal(taken)) {
        call.refused.push(taken);
        return;
      }
      call.arrivals.push(taken);
      const last = isTextSpan(taken) ? taken.last : taken.seq;
      at += last - seq + 1;
      this.#wake(replica, seq, last, call);
    }
  }

  #equivocation(replica: ReplicaId, seq: number): Refusal {
    return {
      code: 'EQUIVOCATION',
      message: `Another operation ${seq} of replica ${replica} came before this one, and stands.`,
      epoch: this.#log.epoch.id,
      operation: { replica, seq },
    };
  }

  /** Lets it wait. Of those of one replica that begin alike the longest does, of others the first. */
  #stop(tail: Tail, call: Call): void {
    const { replica } = tail.batch;
    const before = this.#waiters.get(tail.waitsFor.replica)?.get(tail.waitsFor.seq)?.get(replica);
    // One that stopped at another seq has been overtaken.
    if (before !== undefined && seqOf(before) === seqOf(tail)) {
      const stands = restOf(before);
      const rest = restOf(tail);
      if (beginsWith(stands, rest)) return;
      if (!beginsWith(rest, stands)) {
        call.refused.push(this.#equivocation(replica, seqOf(tail)));
        return;
      }
    }
    if (before !== undefined) this.#release(before, call);
    this.#link(tail);
    call.stopped.add(tail);
  }

  /** Goes on with those that wait for operations of `replica` that came. */
  #wake(replica: ReplicaId, first: number, last: number, call: Call): void {
    const waiters = this.#waiters.get(replica);
    if (waiters === undefined) return;
    const seqs =
      last - first < waiters.size
        ? Array.from({ length: last - first + 1 }, (_, at) => first + at)
        : [...waiters.keys()];
    for (const seq of seqs) {
      if (seq < first || seq > last) continue;
      for (const tail of [...(waiters.get(seq)?.values() ?? [])]) {
        this.#release(tail, call);
        call.ready.push(tail);
      }
    }
  }

  #release(tail: Tail, call: Call): void {
    this.#unlink(tail);
    this.#waiting.delete(tail);
    call.stopped.delete(tail);
  }

  #link(tail: Tail): void {
    const { replica, seq } = tail.waitsFor;
    const bySeq = this.#waiters.get(replica) ?? new Map<number, Map<ReplicaId, Tail>>();
    const byWaiter = bySeq.get(seq) ?? new Map<ReplicaId, Tail>();
    this.#waiters.set(replica, bySeq);
    bySeq.set(seq, byWaiter);
    byWaiter.set(tail.batch.replica, tail);
  }

  #unlink(tail: Tail): void {
    const { replica, seq } = tail.waitsFor;
    const bySeq = this.#waiters.get(replica);
    const byWaiter = bySeq?.get(seq);
    byWaiter?.delete(tail.batch.replica);
    if (byWaiter?.size === 0) bySeq?.delete(seq);
    if (bySeq?.size === 0) this.#waiters.delete(replica);
  }

  /** What waits, and for what. */
  deferred(): Deferred[] {
    return Array.from(this.#waiting, ({ batch, waitsFor }) => ({
      epoch: batch.epoch,
      replica: batch.replica,
      first: batch.first,
      last: batch.first + batch.ends.length - 1,
      waitsFor,
    }));
  }
}

/** What one call comes to. */
class Call {
  readonly arrivals: Arrival[] = [];
  readonly refused: Refusal[] = [];
  readonly ready: Cursor[] = [];
  /** Not yet in memory of our own. */
  readonly stopped = new Set<Tail>();
}

function seqOf({ batch, index }: Cursor): number {
  return batch.first + index;
}

function restOf({ batch, index }: Cursor): Uint8Array {
  return batch.bytes.subarray(batch.ends[index - 1] ?? 0);
}
