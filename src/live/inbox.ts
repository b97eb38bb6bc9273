import { Deferral, DEFERRAL_LIMITS, type Deferred, type DeferralLimits, restOf } from './deferral.js';
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
  /** By what is waited for (replica, then seq): of each replica that waits one. */
  readonly #waiters = new Map<ReplicaId, Map<number, readonly Tail[]>>();

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
      const kept = { batch: restOf(tail.batch, tail.index), index: 0, waitsFor: tail.waitsFor };
      this.#link(kept);
      this.#waiting.add(kept);
    }
    for (const gone of this.#waiting.trim()) this.#unlink(gone);
    return new Received(this.#log, call.arrivals, call.refused);
  }

  /** Takes of a batch what can be taken now. */
  #advance({ batch, index }: Cursor, call: Call): void {
    const { replica } = batch;
    for (let at = index; at < batch.shelf.count;) {
      const seq = batch.first + at;
      const next = this.#log.nextSeq(replica);
      if (seq < next) {
        const same = this.#log.holds({ replica, seq }, batch.shelf, at + 1);
        at += same;
        if (same > 0) continue;
        call.refused.push(this.#equivocation(replica, seq));
        return;
      }
      if (seq > next) {
        this.#stop({ batch, index: at, waitsFor: { replica, seq: seq - 1 } }, call);
        return;
      }
      const ended = this.#log.acceptAll(batch, at, call.arrivals);
      at += this.#log.nextSeq(replica) - next;
      this.#wake(replica, next, this.#log.nextSeq(replica) - 1, call);
      if (ended === undefined) return;
      if (isRefusal(ended)) call.refused.push(ended);
      else this.#stop({ batch, index: at, waitsFor: ended.waitsFor }, call);
      return;
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
    const waiting = this.#waiters.get(tail.waitsFor.replica)?.get(tail.waitsFor.seq);
    const before = waiting?.find(({ batch }) => batch.replica === replica);
    // One that stopped at another seq has been overtaken.
    if (before !== undefined && seqOf(before) === seqOf(tail)) {
      const stands = before.batch.shelf;
      const { shelf } = tail.batch;
      if (stands.beginsWith(before.index, shelf, tail.index)) return;
      if (!shelf.beginsWith(tail.index, stands, before.index)) {
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
    if (waiters === undefined || waiters.size === 0) return;
    const woken: Tail[] = [];
    if (last - first < waiters.size)
      for (let seq = first; seq <= last; seq += 1) woken.push(...(waiters.get(seq) ?? []));
    else for (const [seq, tails] of waiters) if (seq >= first && seq <= last) woken.push(...tails);
    for (const tail of woken) {
      this.#release(tail, call);
      call.ready.push(tail);
    }
  }

  #release(tail: Tail, call: Call): void {
    this.#unlink(tail);
    this.#waiting.delete(tail);
    call.stopped.delete(tail);
  }

  #link(tail: Tail): void {
    const { replica, seq } = tail.waitsFor;
    let bySeq = this.#waiters.get(replica);
    if (bySeq === undefined) this.#waiters.set(replica, (bySeq = new Map()));
    const others = bySeq.get(seq);
    bySeq.set(seq, others === undefined ? [tail] : [...others, tail]);
  }

  #unlink(tail: Tail): void {
    const { replica, seq } = tail.waitsFor;
    const bySeq = this.#waiters.get(replica);
    const rest = bySeq?.get(seq)?.filter((other) => other !== tail) ?? [];
    if (rest.length > 0) bySeq?.set(seq, rest);
    else bySeq?.delete(seq);
  }

  /** What waits, and for what. */
  deferred(): Deferred[] {
    return Array.from(this.#waiting, ({ batch, waitsFor }) => ({
      epoch: batch.epoch,
      replica: batch.replica,
      first: batch.first,
      last: batch.first + batch.shelf.count - 1,
      waitsFor,
    }));
  }
}

/** What one call comes to. */
class Call {
  readonly arrivals: Arrival[] = [];
  readonly refused: Refusal[] = [];
  readonly ready: Cursor[] = [];
  /** Not yet by themselves. */
  readonly stopped = new Set<Tail>();
}

function seqOf({ batch, index }: Cursor): number {
  return batch.first + index;
}
