import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Inbox } from '../../src/live/inbox.js';
import { compareStamps } from '../../src/live/ids.js';
import { Lobby } from '../../src/live/lobby.js';
import { Log } from '../../src/live/log.js';
import { Shelf } from '../../src/live/shelf.js';
import type { Operation } from '../../src/live/operation.js';
import { sameVector } from '../../src/live/version.js';
import { decodeMessages } from '../../src/live/wire/messages.js';
import { Random } from './random.js';
import { batchesIn, EPOCH, joined, messageOf, REPLICAS, worldOf, type Peer } from './wire-world.js';

const id = ({ replica, seq }: { replica: number; seq: number }) => `${replica}.${seq}`;

/** Fails unless each comes once, after its author's one before and after all its deps, later than all of them. */
function expectCausal(operations: readonly Operation[]): void {
  const times = new Map<string, number>();
  for (const one of operations) {
    expect(times.has(id(one)), `${id(one)} comes once`).toBe(false);
    const before = [...one.deps, ...(one.seq > 1 ? [{ replica: one.replica, seq: one.seq - 1 }] : [])];
    for (const other of before) expect(times.get(id(other)), `${id(other)} before ${id(one)}`).toBeLessThan(one.time);
    expect(one.time).toBeGreaterThan(EPOCH.id.time);
    times.set(id(one), one.time);
  }
}

/** The operations of a world cut into messages anew: runs of any length, overlapping, some twice. */
function recut(peer: Peer, random: Random): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (const [replica, last] of peer.log.vector) {
    for (let first = 1; first <= last; first += 1 + random.below(5))
      out.push(peer.log.messages(replica, Math.max(1, first - random.below(3)), first + 5 + random.below(5)));
    out.push(peer.log.messages(replica, 1 + random.below(last), last));
  }
  return random.shuffled(out);
}

test('operations in any order, repeated and regrouped, each come out once, in a causal order, and nothing waits at the end', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const [peer] = worldOf(seed, 80);
      if (peer === undefined) return;
      const log = new Log(EPOCH);
      const inbox = new Inbox(log);
      const operations: Operation[] = [];
      const messages = recut(peer, random);
      while (messages.length > 0) {
        const input = joined(messages.splice(0, 1 + random.below(4)));
        const { operations: some, refused } = inbox.receive(batchesIn(input));
        expect(refused).toEqual([]);
        operations.push(...some);
        // Whoever handed in the bytes may use them again.
        input.fill(0xee);
        for (const waiting of inbox.deferred()) {
          const { replica, seq } = waiting.waitsFor ?? { replica: 0, seq: 0 };
          expect(seq, `${id(waiting.waitsFor ?? { replica, seq })} is not here`).toBeGreaterThan(
            log.vector.get(replica) ?? 0,
          );
        }
      }
      expectCausal(operations);
      expect(inbox.deferred()).toEqual([]);
      expect(sameVector(log.vector, peer.log.vector)).toBe(true);
      expect([...log.operations()]).toEqual(operations);
      for (const one of operations) expect(peer.log.operation(one)).toEqual(one);
      expect(log.missing()).toEqual(peer.log.missing());
    }),
    { numRuns: 30 },
  );
});

test('what a version lacks, and no more, is what is missing from it', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(120), (seed, upTo) => {
      const [peer, second] = worldOf(seed, 60);
      if (peer === undefined || second === undefined) return;
      const part = new Log(EPOCH);
      const inbox = new Inbox(part);
      const all = [...peer.log.operations()];
      for (const one of all.slice(0, upTo)) inbox.receive(batchesIn(messageOf(peer.log, one)));
      const lack = second.log.missing(part.version());
      const { operations } = inbox.receive(batchesIn(lack));
      expect(operations.map(id).sort()).toEqual(all.slice(upTo).map(id).sort());
      expect(peer.log.missing(part.version())).toEqual(new Uint8Array());
      expect(decodeMessages(peer.log.missing()).filter(({ kind }) => kind === 'epoch')).toEqual([
        { kind: 'epoch', epoch: EPOCH },
      ]);
      expect([...part.operations(peer.log.vector)]).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('the history of a node is its operations in the order in which they were integrated', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      for (const { log } of worldOf(seed, 80)) {
        const all = [...log.operations()];
        const histories = new Map<string, Operation[]>();
        for (const one of all) {
          const of = one.action.kind === 'resolve' ? log.operation(one.action.conflict)?.action : one.action;
          const node = of === undefined || of.kind === 'resolve' ? '' : of.node;
          histories.set(node, [...(histories.get(node) ?? []), one]);
        }
        for (const [node, operations] of histories) expect([...log.history(node)]).toEqual(operations);
        expect([...log.history('b1.1/nowhere')]).toEqual([]);
      }
    }),
    { numRuns: 20 },
  );
});

test('of two operations with one epoch, replica and seq the first stands, whether it waits or is integrated', () => {
  const write = (path: string, log = new Log(EPOCH)) => {
    log.write(7, { kind: 'mode', node: `b${EPOCH.id.time}.${EPOCH.id.replica}/${path}`, executable: true });
    log.write(7, { kind: 'mode', node: `b${EPOCH.id.time}.${EPOCH.id.replica}/${path}`, executable: false });
    return log;
  };
  const [one, other] = [write('a'), write('b')];
  const log = new Log(EPOCH);
  const inbox = new Inbox(log);
  expect(inbox.receive(batchesIn(one.messages(7, 2))).refused).toEqual([]);
  expect(inbox.receive(batchesIn(one.messages(7, 2))).refused).toEqual([]);
  expect(inbox.deferred()).toEqual([
    { epoch: EPOCH.id, replica: 7, first: 2, last: 2, waitsFor: { replica: 7, seq: 1 } },
  ]);
  const { operations } = inbox.receive(batchesIn(one.messages(7, 1, 1)));
  expect(operations.map(id)).toEqual(['7.1', '7.2']);
  const { refused } = inbox.receive(batchesIn(other.missing()));
  expect(refused).toMatchObject([{ code: 'EQUIVOCATION', epoch: EPOCH.id, operation: { replica: 7, seq: 1 } }]);
  expect([...log.operations()]).toEqual([...one.operations()]);

  const third = new Inbox(new Log(EPOCH));
  const longer = write('c', write('a'));
  const shorter = write('d', write('a'));
  third.receive(batchesIn(longer.messages(7, 3)));
  expect(third.receive(batchesIn(shorter.messages(7, 3))).refused).toMatchObject([
    { code: 'EQUIVOCATION', operation: { replica: 7, seq: 3 } },
  ]);
  expect(third.receive(batchesIn(longer.messages(7, 1, 2))).operations.map(id)).toEqual(['7.1', '7.2', '7.3', '7.4']);
});

test('what waits is bounded in operations and bytes; one that floods displaces itself, and what is needed last goes first', () => {
  const flood = new Log(EPOCH);
  const quiet = new Log(EPOCH);
  const update = new Uint8Array(50).fill(1);
  for (let count = 0; count < 3000; count += 1) flood.write(7, { kind: 'text', node: 'b3.9/a', base: null, update });
  for (let count = 0; count < 20; count += 1) quiet.write(8, { kind: 'text', node: 'b3.9/a', base: null, update });
  for (const limits of [
    { operations: 400, bytes: 2 ** 30 },
    { operations: 10_000, bytes: 100_000 },
  ]) {
    const log = new Log(EPOCH);
    const inbox = new Inbox(log, limits);
    for (let seq = 2; seq <= 20; seq += 1) inbox.receive(batchesIn(quiet.messages(8, seq, seq)));
    for (let seq = 3000; seq > 1; seq -= 1) {
      inbox.receive(batchesIn(flood.messages(7, seq, seq)));
      const waiting = inbox.deferred();
      if (seq % 100 === 0) {
        expect(waiting.length).toBeLessThanOrEqual(limits.operations);
        expect(waiting.length * 53).toBeLessThanOrEqual(limits.bytes);
      }
    }
    const firsts = inbox.deferred().flatMap(({ replica, first }) => (replica === 7 ? [first] : []));
    expect(Math.min(...firsts)).toBe(2);
    expect(Math.max(...firsts)).toBe(firsts.length + 1);
    expect(firsts.length).toBeGreaterThan(200);
    expect(inbox.receive(batchesIn(quiet.messages(8, 1, 1))).operations.length).toBe(20);
    const { operations } = inbox.receive(batchesIn(flood.missing(log.version())));
    expect(operations.length).toBe(3000);
    expect(inbox.deferred()).toEqual([]);
  }
});

test('operations of an epoch whose record has not come wait in the lobby, within its bounds, until they are taken or the epoch is past', () => {
  const later = { ...EPOCH, id: { time: 9000, replica: 7 } };
  const log = new Log(later);
  for (let count = 0; count < 10; count += 1)
    log.write(7, { kind: 'mode', node: 'b9000.7/a', executable: count % 2 === 0 });
  const lobby = new Lobby({ operations: 20, bytes: 10_000 });
  const input = joined([log.messages(7, 4), log.messages(7, 1, 5), log.messages(7, 1, 5), log.messages(7, 1, 6)]);
  lobby.hold(batchesIn(input));
  input.fill(0);
  expect(lobby.deferred().map(({ first, last, waitsFor }) => [first, last, waitsFor])).toEqual([
    [4, 10, null],
    [1, 6, null],
  ]);
  lobby.forget(later.id);
  const inbox = new Inbox(new Log(later));
  expect(inbox.receive(lobby.take(later.id)).operations.map(id)).toEqual([...log.operations()].map(id));
  expect(lobby.deferred()).toEqual([]);
  lobby.hold(batchesIn(log.missing()));
  lobby.forget({ time: 9000, replica: 8 });
  expect(lobby.deferred()).toEqual([]);
  for (let seq = 1; seq <= 1000; seq += 1) {
    const other = new Log({ ...EPOCH, id: { time: 9000 + seq, replica: 7 } });
    other.write(3, { kind: 'mode', node: 'b1.1/a', executable: true });
    lobby.hold(batchesIn(other.missing()));
  }
  expect(lobby.deferred().length).toBeLessThanOrEqual(20);
  expect(lobby.deferred().length).toBeGreaterThan(10);
});

test('a refused operation takes nothing with it but what its author did afterwards', () => {
  // Replica 9 speaks of a node that, by its own account, it had not seen made.
  const [peer] = worldOf(3, 40, REPLICAS.slice(0, 2));
  if (peer === undefined) throw new Error('there is no peer');
  const log = new Log(EPOCH);
  const made = [...peer.log.operations()].find(
    ({ action }) => action.kind === 'create' && action.node.startsWith('c4711'),
  );
  if (made === undefined || made.action.kind !== 'create') throw new Error('nothing was made');
  const inbox = new Inbox(log);
  inbox.receive(batchesIn(peer.log.missing()));
  const liar = new Log(EPOCH);
  new Inbox(liar).receive(batchesIn(peer.log.missing()));
  liar.write(9, { kind: 'mode', node: made.action.node, executable: true });
  liar.write(9, { kind: 'mode', node: 'b1.1/a', executable: true });
  const honest = batchesIn(liar.messages(9, 1));
  const [batch] = honest;
  if (batch === undefined) throw new Error('there is no batch');
  // Its deps cut out: the head without their bit, and without their bytes (number, then 0, replica, seq for each).
  const deps = liar.operation({ replica: 9, seq: 1 })?.deps.length ?? 0;
  const { heads } = batch.shelf;
  const [first, second] = [batch.shelf.headEnd(0), batch.shelf.headEnd(1)];
  const shelf = new Shelf();
  shelf.add(Uint8Array.of((heads[0] ?? 0) & ~32, ...heads.subarray(2 + deps * 6, first)), 0, first - 1 - deps * 6);
  shelf.add(heads, first, second);
  const before = log.missing();
  const { operations, refused } = inbox.receive([{ ...batch, shelf }]);
  expect(operations).toEqual([]);
  expect(refused).toMatchObject([{ code: 'REFERENCE_INVALID', operation: { replica: 9, seq: 1 } }]);
  expect(log.missing()).toEqual(before);
  expect(inbox.deferred()).toEqual([]);
  expect(inbox.receive(honest).operations.map(id)).toEqual(['9.1', '9.2']);
});

test('a time heard of elsewhere is overtaken, but never by more than 2^28 at once', () => {
  const log = new Log(EPOCH);
  const mode = { kind: 'mode', node: 'b1.1/a', executable: true } as const;
  expect(log.write(7, mode).time).toBe(4712);
  expect(log.write(7, mode, 4711).time).toBe(4713);
  expect(log.write(7, mode, 9000).time).toBe(9001);
  expect(log.write(7, mode, Number.MAX_SAFE_INTEGER).time).toBe(9002 + 2 ** 28);
  expect(log.time).toBe(9002 + 2 ** 28);
  const copy = new Log(EPOCH);
  new Inbox(copy).receive(batchesIn(log.missing()));
  expect([...copy.operations()]).toEqual([...log.operations()]);
  const late = new Log({ ...EPOCH, id: { time: 2 ** 52, replica: 1 } });
  expect(() => late.write(7, mode)).toThrow('later than');
  expect(compareStamps(late.epoch.id, log.epoch.id)).toBeGreaterThan(0);
});
