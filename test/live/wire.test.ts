import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { TextDocument } from '../../src/live/text/engine.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import type { EpochId, NodeId } from '../../src/live/ids.js';
import { Inbox } from '../../src/live/inbox.js';
import { Log } from '../../src/live/log.js';
import type { Action, Epoch, Presence } from '../../src/live/operation.js';
import { crc32c } from '../../src/live/wire/crc32c.js';
import { enclose } from '../../src/live/wire/envelope.js';
import { decodeMessages, encodeEpoch, encodePresence } from '../../src/live/wire/messages.js';
import { idBytes } from '../../src/live/wire/own-id.js';
import { Reader, Writer } from '../../src/live/wire/varint.js';
import { batchesIn, EPOCH, foreign, joined, Peer } from './wire-world.js';
import { Random } from './random.js';

const replica = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const seq = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const oid = fc.constantFrom(null, 'ab'.repeat(20), '0f'.repeat(32));
const vector = fc
  .array(fc.tuple(replica, seq), { maxLength: 5 })
  .map((list) => new Map(list.sort(([a], [b]) => a - b)));
const path = fc
  .array(fc.constantFrom('a', 'größe', '\udcff\udc80', 'x y', '-', 'Z'.repeat(255)), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));
const older = fc.record({ time: fc.integer({ min: 1, max: 999 }), replica });
const olderNode: fc.Arbitrary<NodeId> = fc
  .tuple(older, path, replica, seq, fc.boolean())
  .map(([at, of, by, number, made]) =>
    made ? `c${at.time}.${at.replica}.${by}.${number}` : `b${at.time}.${at.replica}/${of}`,
  );
const time = fc.integer({ min: 2000, max: 2 ** 52 });
const epoch: fc.Arbitrary<Epoch> = fc.oneof(
  fc.record({
    id: fc.record({ time, replica }),
    kind: fc.constant('first' as const),
    base: oid,
    parent: fc.constant(null),
    settled: fc.constant(new Map()),
    lineage: fc.constant([]),
    became: fc.constant([]),
    carried: fc.nat(),
  }),
  fc.record({
    id: fc.record({ time, replica }),
    kind: fc.constantFrom('reset' as const, 'commit' as const),
    base: oid,
    parent: fc.record({ time: fc.integer({ min: 1000, max: 1999 }), replica }),
    settled: vector,
    lineage: fc
      .uniqueArray(fc.record({ epoch: older, settled: vector }), { selector: (one) => one.epoch.time, maxLength: 4 })
      .map((list) => list.sort((a, b) => b.epoch.time - a.epoch.time)),
    became: fc.uniqueArray(fc.record({ node: olderNode, path }), { selector: (one) => one.node, maxLength: 4 }),
    carried: fc.nat(),
  }),
);
const anchor = fc.uint8Array({ maxLength: 20 });
const presence: fc.Arbitrary<Presence> = fc.record({
  replica,
  epoch: fc.record({ time, replica }),
  count: fc.maxSafeNat(),
  lifetime: fc.integer({ min: 1, max: 86_400_000 }),
  node: fc.option(olderNode),
  selections: fc.array(fc.record({ anchor, head: anchor }), { maxLength: 3 }),
});

test('a number comes back from its bytes, and every number has one encoding only', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(300)), (value) => {
      const writer = new Writer();
      writer.varint(value);
      expect(new Reader(writer.view()).varint()).toBe(value);
      const longer = Uint8Array.of(...writer.view().subarray(0, -1), (writer.view().at(-1) ?? 0) | 128, 0);
      expect(() => new Reader(longer).varint()).toThrow(/longer|greater/);
    }),
  );
  expect(() => new Reader(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 16)).varint()).toThrow('greater');
  expect(() => new Reader(new Uint8Array(20).fill(255)).varint()).toThrow('greater');
});

test('an epoch and a presence come back from their bytes', () => {
  fc.assert(
    fc.property(epoch, presence, (one, other) => {
      const bytes = joined([encodeEpoch(one), encodePresence(other)]);
      expect(decodeMessages(bytes)).toEqual([
        { kind: 'epoch', epoch: one },
        { kind: 'presence', presence: other },
      ]);
    }),
  );
});

test('operations of every kind come back from their bytes, at once and out of the log', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const [first, second] = [new Peer(5), new Peer(0xfffffff0)];
      const written = [];
      for (let round = 0; round < 40; round += 1) {
        const [from, to] = random.below(2) === 0 ? [first, second] : [second, first];
        written.push(from.write(random));
        if (random.below(4) === 0) to.hear(from.log.missing(to.log.version()));
      }
      const reader = new Log(EPOCH);
      const bytes = joined([first.log.missing(), second.log.missing()]);
      const { operations, refused } = new Inbox(reader).receive(batchesIn(bytes));
      expect(refused).toEqual([]);
      const by = (a: { replica: number; seq: number }, b: typeof a) => a.replica - b.replica || a.seq - b.seq;
      expect([...operations].sort(by)).toEqual(written.sort(by));
      for (const one of written) expect(reader.operation(one)).toEqual(one);
    }),
    { numRuns: 30 },
  );
});

test('the checksum is CRC-32C', () => {
  // RFC 3720, B.4.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e);
});

test('a key struck takes at most 60 bytes as a message with everything', () => {
  const doc = new Y.Doc();
  doc.clientID = 0xfedcba98;
  const text = doc.getText('t');
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (let count = 0; count < 5000; count += 1) text.insert(Math.floor(count / 2), 'x');

  const log = new Log(EPOCH);
  const other = new Log(EPOCH);
  const node = `b4711.${0xdeadbeef}/src/live/wire/operation-codec.ts`;
  const sizes = updates.map((update) => {
    const { seq: at } = log.write(0xfedcba98, { kind: 'text', node, base: 'ab'.repeat(20), update });
    return log.messages(0xfedcba98, at, at).length;
  });
  const longest = Math.max(...sizes.slice(1));
  console.log(`a key struck: ${longest} bytes, its update ${Math.max(...updates.slice(1).map((one) => one.length))}`);
  expect(longest).toBeLessThanOrEqual(60);
  // One that answers another's is longer by a dep.
  new Inbox(other).receive(batchesIn(log.missing()));
  other.write(9, { kind: 'text', node, base: 'ab'.repeat(20), update: Uint8Array.of(1) });
  new Inbox(log).receive(batchesIn(other.missing(log.version())));
  const update = updates.at(-1) ?? Uint8Array.of();
  const answer = log.write(0xfedcba98, { kind: 'text', node, base: 'ab'.repeat(20), update });
  expect(log.messages(0xfedcba98, answer.seq).length).toBeLessThanOrEqual(60);
});

test('what others would refuse is an error for whoever writes it, and leaves the log as it was', () => {
  const log = new Log(EPOCH);
  const root = `b4711.${0xdeadbeef}/`;
  const text = { kind: 'text', node: `${root}a`, base: null, update: Uint8Array.of(1) } as const;
  log.write(1, text);
  const bad: Action[] = [
    { kind: 'move', node: `${root}a`, parent: root, name: '.GIT' },
    { kind: 'move', node: `${root}a`, parent: root, name: 'a/b' },
    { kind: 'move', node: `${root}a`, parent: root, name: '\ud800' },
    { kind: 'move', node: `${root}a`, parent: `${root}a`, name: 'b' },
    { kind: 'move', node: root, parent: `${root}a`, name: 'b' },
    { kind: 'mode', node: `${root}a/../b`, executable: true },
    { kind: 'mode', node: `${root}a//b`, executable: true },
    { kind: 'mode', node: 'b9999.1/a', executable: true },
    { kind: 'mode', node: 'c1.2.3', executable: true },
    { kind: 'mode', node: 'c1.2.3.04', executable: true },
    { kind: 'mode', node: 'c1.2.0.4', executable: true },
    { kind: 'mode', node: `c4711.${0xdeadbeef}.1.1`, executable: true },
    { kind: 'mode', node: `c4711.${0xdeadbeef}.8.1`, executable: true },
    { kind: 'create', node: `${root}b`, parent: root, name: 'b', type: 'text', executable: false },
    { ...text, base: 'ab'.repeat(20) },
    { ...text, node: `${root}c`, base: 'AB'.repeat(20) },
    { ...text, update: Uint8Array.of() },
    { kind: 'resolve', conflict: { replica: 1, seq: 1 } },
    { kind: 'resolve', conflict: { replica: 1, seq: 2 } },
  ];
  for (const action of bad)
    expect(() => log.write(1, action), JSON.stringify(action)).toThrow(
      expect.objectContaining({ name: 'LiveError', code: expect.stringMatching('_INVALID') }),
    );
  expect(() => log.write(0, text)).toThrow('no replica');
  expect(() => log.write(2 ** 32, text)).toThrow('no replica');
  expect([...log.operations()]).toHaveLength(1);
  expect(log.write(1, text).seq).toBe(2);
  const far: EpochId = { time: 2 ** 52 + 1, replica: 1 };
  expect(() => encodeEpoch({ ...EPOCH, id: far })).toThrow('A time');
  expect(() => encodeEpoch({ ...EPOCH, parent: EPOCH.id })).toThrow('not older');
  expect(() => encodeEpoch({ ...EPOCH, parent: null })).toThrow('no parent');
  expect(() => encodeEpoch({ ...EPOCH, became: [...EPOCH.became, ...EPOCH.became] })).toThrow('two things');
  expect(() => encodeEpoch({ ...EPOCH, lineage: [...EPOCH.lineage, ...EPOCH.lineage] })).toThrow('not older');
});

test('every part of an input that is no message says why, and what comes after it is read where it can be found', () => {
  const good = encodeEpoch(EPOCH);
  const codes = (bytes: Uint8Array) =>
    decodeMessages(bytes).map((message) => (message.kind === 'refused' ? message.refusal.code : message.kind));
  const changed = (at: number, value: number) => good.map((byte, index) => (index === at ? value : byte));
  expect(codes(joined([good, good]))).toEqual(['epoch', 'epoch']);
  expect(codes(joined([changed(20, 1), good]))).toEqual(['CHECKSUM', 'epoch']);
  expect(codes(joined([foreign(good, 1), good]))).toEqual(['VERSION_FOREIGN', 'epoch']);
  expect(decodeMessages(foreign(good, 9))).toMatchObject([
    { refusal: { message: 'The message at byte 0 is of version 9 of the format; this one reads version 2.' } },
  ]);
  expect(codes(joined([enclose(9, Uint8Array.of(1, 2)), good]))).toEqual(['KIND_UNKNOWN', 'epoch']);
  expect(codes(joined([good, Uint8Array.of(1), good]))).toEqual(['epoch', 'NOT_A_MESSAGE']);
  expect(codes(joined([enclose(2, Uint8Array.of()), good]))).toEqual(['MALFORMED', 'epoch']);
  for (let length = 1; length < good.length; length += 1)
    expect(codes(good.subarray(0, length))).toEqual([length < 3 ? 'NOT_A_MESSAGE' : 'TRUNCATED']);
  expect(codes(new Uint8Array())).toEqual([]);
});

/** Letters, one behind the other and elsewhere, of one byte and of more, taken back one by one and at once; then by one who had seen that. */
function writeStrokes(log: Log, node: NodeId): void {
  const text = yjsEngine.open(7, 'base');
  const other = yjsEngine.open(70_000, 'base');
  const edit = (of: TextDocument, author: number, start: number, end: number, typed: string): void => {
    const update = of.edit([{ start, end, text: typed }]);
    if (update === undefined) return;
    log.write(author, { kind: 'text', node, base: null, update });
    (of === text ? other : text).apply(update, author);
  };
  for (const [at, letter] of ['x', 'y', 'z', 'é'].entries()) edit(text, 7, 4 + at, 4 + at, letter);
  edit(text, 7, 2, 2, '😀!');
  edit(text, 7, 8, 9, '');
  edit(text, 7, 7, 8, '');
  edit(text, 7, 6, 7, '');
  edit(other, 70_000, 5, 5, 'o');
  edit(other, 70_000, 6, 6, 'p');
  edit(other, 70_000, 0, 2, '');
  edit(text, 7, 4, 5, 'more at once');
}

test('the bytes of version 2 of the format are what they were when it was made', () => {
  const [one, other] = [new Log(EPOCH), new Log(EPOCH)];
  const root = `b4711.${0xdeadbeef}/`;
  const made = `c4711.${0xdeadbeef}.7.1`;
  const name = 'gr\udcf6\udcdfe';
  const update = Uint8Array.of(1, 2, 3);
  const naming = Uint8Array.of(5, ...idBytes(70_000), 6, 7, ...idBytes(70_000));
  const anchorBytes = Uint8Array.of(9);
  one.write(7, { kind: 'create', node: made, parent: root, name, type: 'symlink', executable: false });
  one.write(7, { kind: 'create', node: 'c12.7.7.2', parent: made, name: 'b', type: 'text', executable: true }, 6000);
  new Inbox(other).receive(batchesIn(one.missing()));
  other.write(70_000, { kind: 'text', node: made, base: null, update });
  other.write(70_000, { kind: 'text', node: made, base: null, update: naming });
  other.write(70_000, { kind: 'text', node: `${root}${name}/x`, base: 'ab'.repeat(32), update });
  other.write(70_000, { kind: 'content', node: 'b3.9/old', bytes: update });
  other.write(70_000, { kind: 'conflict', node: made, at: anchorBytes, before: 'é', ours: '' });
  new Inbox(one).receive(batchesIn(other.missing()));
  one.write(7, { kind: 'resolve', conflict: { replica: 70_000, seq: 5 } });
  one.write(7, { kind: 'mode', node: made, executable: true });
  one.write(7, { kind: 'move', node: made, parent: `${root}dir`, name: 'c' });
  one.write(7, { kind: 'move', node: made, parent: null, name: '' });
  writeStrokes(one, made);
  const bytes = joined([
    one.missing(),
    encodeEpoch({ ...EPOCH, kind: 'first', parent: null, settled: new Map(), lineage: [], became: [], base: null }),
    encodePresence({
      replica: 7,
      epoch: EPOCH.id,
      count: 300,
      lifetime: 30_000,
      node: 'b3.9/a',
      selections: [{ anchor: Uint8Array.of(1, 2), head: Uint8Array.of(3) }],
    }),
  ]);
  const digest = Array.from(sha256(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
  // Another hash is another format: it needs a version of its own, and a reader of this one.
  expect(`${bytes.length} ${digest}`).toBe('450 acabe6c09a4b1a96f2ce7ef9e67d5cc8adf86cfcebe564488b15f11063c879af');
});
