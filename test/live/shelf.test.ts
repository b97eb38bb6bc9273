import { expect, test } from 'vitest';
import { Inbox } from '../../src/live/inbox.js';
import { Log } from '../../src/live/log.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import type { Batch } from '../../src/live/wire/batch-codec.js';
import { Random } from './random.js';
import { batchesIn, EPOCH, joined, REPLICAS, worldOf } from './wire-world.js';

const NODE = 'b3.9/older.md';
const AUTHOR = 70_000;

/** A log in which one wrote long, in letters of one to four bytes, erased long, and went on. */
function written(): Log {
  const log = new Log(EPOCH);
  const text = yjsEngine.open(AUTHOR, '');
  const edit = (start: number, end: number, typed: string): void => {
    const update = text.edit([{ start, end, text: typed }]);
    if (update !== undefined) log.write(AUTHOR, { kind: 'text', node: NODE, base: null, update });
  };
  edit(0, 0, 'The beginning.');
  for (let count = 0; count < 1_300; count += 1) edit(3 + count, 3 + count, 'x');
  for (let count = 0; count < 1_100; count += 1) edit(1_302 - count, 1_303 - count, '');
  let at = 5;
  for (const letter of 'größer 中文 😀 zwei 😀'.repeat(40)) {
    edit(at, at, letter);
    at += letter.length;
  }
  edit(at, at, 'pasted at once');
  edit(at + 14, at + 14, 'é');
  return log;
}

/** What was sent in pieces of up to `most` operations, some of them again. */
function pieces(log: Log, random: Random, most: number): Batch[] {
  const out: Batch[] = [];
  const last = log.nextSeq(AUTHOR) - 1;
  for (let seq = 1; seq <= last;) {
    const to = Math.min(last, seq + random.below(most));
    out.push(...batchesIn(log.messages(AUTHOR, Math.max(1, seq - random.below(most)), to)));
    seq = to + 1;
  }
  return out;
}

test('operations are the same however they came: at once, in pieces, overlapping, out of order', () => {
  const log = written();
  const operations = [...log.operations()];
  expect(operations.length).toBeGreaterThan(3_000);
  for (const [most, seed] of [
    [1, 1],
    [7, 2],
    [900, 3],
    [4_000, 4],
  ] as const) {
    const random = new Random(seed);
    const other = new Log(EPOCH);
    const inbox = new Inbox(other);
    const parts = pieces(log, random, most);
    const late = parts.splice(1, 1);
    for (const part of [...parts, ...late]) expect(inbox.receive([part]).refused).toEqual([]);
    expect(inbox.deferred()).toEqual([]);
    expect([...other.operations()]).toEqual(operations);
    // And what they tell of it says the same to the next.
    const third = new Log(EPOCH);
    new Inbox(third).receive(batchesIn(other.missing()));
    expect([...third.operations()]).toEqual(operations);
  }
});

test('each operation has its own time, bytes and message, those within a run as well', () => {
  const log = written();
  const size = log.nextSeq(AUTHOR) - 1;
  for (let seq = 1; seq <= size; seq += 1) {
    const operation = log.operation({ replica: AUTHOR, seq });
    expect(operation?.seq).toBe(seq);
    expect(operation?.time).toBe(EPOCH.id.time + seq);
  }
  const other = new Log(EPOCH);
  const inbox = new Inbox(other);
  for (let seq = 1; seq <= size; seq += 1) inbox.receive(batchesIn(log.messages(AUTHOR, seq, seq)));
  expect([...other.operations()]).toEqual([...log.operations()]);
});

test('a version that ends within a run lacks the rest of it, and no more', () => {
  const log = written();
  const operations = [...log.operations()];
  for (const upTo of [1, 2, 500, 1_025, 1_026, 1_301, 1_302, 2_325, 2_326, 2_401, 2_500, operations.length - 1]) {
    const other = new Log(EPOCH);
    const inbox = new Inbox(other);
    inbox.receive(batchesIn(log.messages(AUTHOR, 1, upTo)));
    expect(other.nextSeq(AUTHOR)).toBe(upTo + 1);
    const rest = batchesIn(log.missing(other.version()));
    expect(rest.reduce((sum, { shelf }) => sum + shelf.count, 0)).toBe(operations.length - upTo);
    inbox.receive(rest);
    expect([...other.operations()]).toEqual(operations);
  }
});

test('who tells another operation under a seq is found out within a run too', () => {
  const log = written();
  const [whole] = batchesIn(log.messages(AUTHOR, 1));
  if (whole === undefined) throw new Error('there is no batch');
  const liar = new Log(EPOCH);
  const inbox = new Inbox(liar);
  inbox.receive(batchesIn(log.messages(AUTHOR, 1, 700)));
  liar.write(AUTHOR, { kind: 'mode', node: NODE, executable: true });
  expect(inbox.receive([whole]).refused).toMatchObject([
    { code: 'EQUIVOCATION', operation: { replica: AUTHOR, seq: 701 } },
  ]);
  expect(new Inbox(written()).receive(batchesIn(liar.messages(AUTHOR, 1))).refused).toMatchObject([
    { code: 'EQUIVOCATION', operation: { replica: AUTHOR, seq: 701 } },
  ]);
  // The same run with one other letter in it.
  const bytes = log.messages(AUTHOR, 1, 700);
  const [changed] = batchesIn(bytes);
  if (changed === undefined) throw new Error('there is no batch');
  changed.shelf.texts[300] = 'y'.charCodeAt(0);
  expect(new Inbox(written()).receive([changed]).refused).toMatchObject([
    { code: 'EQUIVOCATION', operation: { replica: AUTHOR, seq: 302 } },
  ]);
});

test('of a run that erases more than there is, all is taken that can be, and the rest refused', () => {
  const text = yjsEngine.open(AUTHOR, '');
  const log = new Log(EPOCH);
  const write = (update: Uint8Array | undefined): void => {
    if (update !== undefined) log.write(AUTHOR, { kind: 'text', node: NODE, base: null, update });
  };
  write(text.edit([{ start: 0, end: 0, text: 'abcd' }]));
  write(text.edit([{ start: 2, end: 3, text: '' }]));
  const [batch] = batchesIn(log.messages(AUTHOR, 1));
  if (batch === undefined) throw new Error('there is no batch');
  for (let count = 0; count < 5; count += 1) batch.shelf.add(Uint8Array.of(64 | 9), 0, 1);
  const other = new Log(EPOCH);
  const { count, refused } = new Inbox(other).receive([batch]);
  expect(count).toBe(4);
  // The same when the run comes by itself.
  const begun = new Log(EPOCH);
  const inbox = new Inbox(begun);
  inbox.receive(batchesIn(log.messages(AUTHOR, 1)));
  const rest = { ...batch, first: 3, shelf: batch.shelf.without(2) };
  expect(inbox.receive([rest]).refused).toEqual(refused);
  expect([...begun.operations()]).toEqual([...other.operations()]);
  expect(refused).toMatchObject([{ code: 'REFERENCE_INVALID', operation: { replica: AUTHOR, seq: 5 } }]);
  const opened = yjsEngine.open(9, '', {
    tell: (history) => other.tell(NODE, null, history),
    updates: () => other.updates(NODE, null),
  });
  expect(opened.text()).toBe('d');
});

test('what waits is kept whole and by itself, whichever part of a batch it is', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const [peer] = worldOf(seed, 200, REPLICAS.slice(0, 3));
    if (peer === undefined) throw new Error('there is no peer');
    const log = new Log(EPOCH);
    const inbox = new Inbox(log);
    const bytes = joined(REPLICAS.toReversed().map((replica) => peer.log.messages(replica, 1)));
    const batches = batchesIn(bytes);
    // The memory that the messages came in is used again.
    bytes.fill(0xff);
    for (const batch of batches) inbox.receive([batch]);
    expect([...log.vector].sort()).toEqual([...peer.log.vector].sort());
    for (const replica of REPLICAS) expect(log.messages(replica, 1)).toEqual(peer.log.messages(replica, 1));
  }
});
