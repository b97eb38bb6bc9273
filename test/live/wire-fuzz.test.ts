import { expect, test } from 'vitest';
import { Inbox } from '../../src/live/inbox.js';
import { Lobby } from '../../src/live/lobby.js';
import { Log } from '../../src/live/log.js';
import { compareStamps } from '../../src/live/ids.js';
import { decodeVersion } from '../../src/live/version.js';
import { readBatch } from '../../src/live/wire/batch-codec.js';
import { disclose, enclose, type Enclosed } from '../../src/live/wire/envelope.js';
import { decodeMessages, encodeEpoch, encodePresence } from '../../src/live/wire/messages.js';
import { isRefusal } from '../../src/live/wire/refusal.js';
import { Reader } from '../../src/live/wire/varint.js';
import { Random } from './random.js';
import { batchesIn, EPOCH, foreign, joined, messageOf, worldOf } from './wire-world.js';

/** Read where there is an environment: the test runs in browsers as well. */
const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};
const COUNT = Number(environment['MIZER_SOAK_OPERATIONS'] ?? 10_000);
const SEED = Number(environment['MIZER_SEED'] ?? 1);
/** Inputs to one log; then it must still take what is good. */
const ROUND = 500;

/** Bytes with something wrong in them: changed, cut, with pieces of others, or nothing but noise. */
function spoilt(random: Random, good: readonly Uint8Array[]): Uint8Array {
  const bytes = random.pick(good).slice();
  const numbers = [0, 1, 127, 128, 255, random.below(256)];
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length));
    case 1: {
      const other = random.pick(good);
      return joined([bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length))]);
    }
    case 2:
      return random.bytes(random.below(60));
    case 3: {
      const at = random.below(bytes.length);
      return joined([bytes.subarray(0, at), random.bytes(1 + random.below(6)), bytes.subarray(at)]);
    }
    case 4: {
      const at = random.below(bytes.length);
      return joined([bytes.subarray(0, at), new Uint8Array(1 + random.below(9)).fill(255), bytes.subarray(at + 1)]);
    }
    default:
      for (let count = 1 + random.below(3); count > 0; count -= 1)
        bytes[random.below(bytes.length)] = random.pick(numbers);
      return bytes;
  }
}

/** Good payloads with something wrong in them, in a frame whose checksum is right. */
function spoiltPayload(random: Random, good: readonly Uint8Array[], payloads: readonly Enclosed[]): Uint8Array {
  const { kind } = random.pick(payloads);
  if (random.below(20) === 0) return foreign(random.pick(good), random.below(256));
  const alike = payloads.filter((one) => one.kind === kind).map(({ payload }) => payload);
  return enclose(kind, spoilt(random, alike));
}

test(
  `${COUNT} inputs of garbage throw nothing, and leave a tree that takes what is good`,
  () => {
    const reasons = new Map<string, number>();
    for (let seed = SEED; seed < SEED + COUNT / ROUND; seed += 1) {
      const random = new Random(seed);
      const [peer] = worldOf(seed, 60);
      if (peer === undefined) return;
      const operations = [...peer.log.operations()];
      const good = [
        ...operations.map((one) => messageOf(peer.log, one)),
        peer.log.messages(7, 1),
        ...operations.slice(50).flatMap((one) => Array.from({ length: 4 }, () => messageOf(peer.log, one))),
        encodeEpoch(EPOCH),
        encodePresence({
          replica: 7,
          epoch: EPOCH.id,
          count: 1,
          lifetime: 5000,
          node: 'b3.9/a',
          selections: [{ anchor: random.bytes(4), head: random.bytes(4) }],
        }),
      ];
      const payloads = good.flatMap((bytes) => [...disclose(bytes)].flatMap((one) => (isRefusal(one) ? [] : [one])));
      const log = new Log(EPOCH);
      const limits = { operations: 300, bytes: 50_000 };
      const inbox = new Inbox(log, limits);
      const lobby = new Lobby(limits);
      // Most of it is here already, so that much of the rest is next.
      inbox.receive(batchesIn(joined(operations.slice(0, 50).map((one) => messageOf(peer.log, one)))));
      for (let count = 0; count < ROUND; count += 1) {
        const roll = random.below(3);
        const input =
          roll === 0
            ? spoilt(random, good)
            : roll === 1
              ? spoiltPayload(random, good, payloads)
              : joined([random.pick(good), spoiltPayload(random, good, payloads), random.pick(good)]);
        try {
          const messages = decodeMessages(input);
          expect(messages.length).toBeLessThanOrEqual(input.length);
          const batches = messages.flatMap((message) => (message.kind === 'operations' ? [message.batch] : []));
          const ours = batches.filter(({ epoch }) => compareStamps(epoch, EPOCH.id) === 0);
          lobby.hold(batches.filter((batch) => !ours.includes(batch)));
          const { refused } = inbox.receive(ours);
          const refusals = messages.flatMap((message) => (message.kind === 'refused' ? [message.refusal] : []));
          for (const { code, message } of [...refusals, ...refused]) {
            reasons.set(code, (reasons.get(code) ?? 0) + 1);
            expect(message).toMatch(/\.$/);
          }
          for (const message of messages) {
            // One thing has one encoding only.
            if (message.kind === 'epoch') expect(decodeMessages(encodeEpoch(message.epoch))).toEqual([message]);
            if (message.kind === 'presence')
              expect(decodeMessages(encodePresence(message.presence))).toEqual([message]);
          }
        } catch (error) {
          throw new Error(`MIZER_SEED=${seed}, input ${count}: ${Array.from(input, (byte) => byte.toString(16))}`, {
            cause: error,
          });
        }
        expect(inbox.deferred().length).toBeLessThanOrEqual(limits.operations);
        expect(lobby.deferred().length).toBeLessThanOrEqual(limits.operations);
      }
      expectWhole(log, seed);
    }
    console.log(JSON.stringify([...reasons].sort()));
    if (COUNT >= 5000)
      expect([...reasons.keys()].sort()).toEqual(
        [
          ...['CHECKSUM', 'EQUIVOCATION', 'KIND_UNKNOWN', 'LIMIT', 'MALFORMED', 'NAME_INVALID', 'NOT_A_MESSAGE'],
          ...['REFERENCE_INVALID', 'TRUNCATED', 'VERSION_FOREIGN'],
        ].sort(),
      );
  },
  60_000 + COUNT * 5,
);

/** What a log holds after garbage: something that another takes as it is, that can be read back, and that goes on. */
function expectWhole(log: Log, seed: number): void {
  const copy = new Log(EPOCH);
  const { operations, refused } = new Inbox(copy).receive(batchesIn(log.missing()));
  expect(refused, `MIZER_SEED=${seed}`).toEqual([]);
  expect(operations).toHaveLength([...log.operations()].length);
  expect(copy.missing()).toEqual(log.missing());
  for (const one of operations) expect(log.operation(one)).toEqual(one);

  const author = new Log(EPOCH);
  for (let count = 0; count < 5; count += 1)
    author.write(4242, { kind: 'mode', node: 'b3.9/good', executable: count % 2 === 0 });
  const good = new Inbox(log).receive(batchesIn(author.missing()));
  expect(
    good.operations.map(({ seq }) => seq),
    `MIZER_SEED=${seed}`,
  ).toEqual([1, 2, 3, 4, 5]);
}

test('a number that promises more than is there is refused before anything is made of it', () => {
  const lies = [
    // A batch of 2^30 operations, a vector of 2^31 replicas, selections and texts without end.
    enclose(1, Uint8Array.of(1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 128, 128, 128, 128, 4, 5, 1)),
    enclose(2, Uint8Array.of(9, 1, 0, 0, 0, 1, 0, 8, 1, 0, 0, 0, 128, 128, 128, 128, 8, 1)),
    enclose(3, Uint8Array.of(1, 0, 0, 0, 9, 1, 0, 0, 0, 1, 1, 0, 128, 128, 128, 128, 8, 1)),
    enclose(1, Uint8Array.of(1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 4, 1, 128, 128, 128, 128, 8, 1)),
  ];
  const codes = lies.flatMap((lie) => decodeMessages(lie)).map((one) => one.kind === 'refused' && one.refusal.code);
  expect(codes).toEqual(['LIMIT', 'LIMIT', 'LIMIT', 'MALFORMED']);
  expect(() => decodeVersion(Uint8Array.of(1, 1, 1, 0, 0, 0, 128, 128, 128, 128, 8))).toThrow('no version');
  expect(() => readBatch(new Reader(new Uint8Array()))).toThrow('ends too soon');
});
