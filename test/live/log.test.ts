import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { Inbox } from '../../src/live/inbox.js';
import { Log } from '../../src/live/log.js';
import type { Operation } from '../../src/live/operation.js';
import { crc32c } from '../../src/live/wire/crc32c.js';
import { batchesIn, EPOCH, joined } from './wire-world.js';

const COUNT = 100_000;
const AUTHORS = [0xfedcba98, 0x81234567];

/** Updates as an editor's key strokes make them: runs of letters, some taken back, at changing places. */
function strokes(): Uint8Array[] {
  const doc = new Y.Doc();
  const text = doc.getText('t');
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (let count = 0, at = 0; count < COUNT; count += 1) {
    doc.clientID = AUTHORS[Math.floor(count / 100) % 2] ?? 0;
    if (count % 50 === 0) at = (count * 7919) % (text.length + 1);
    if (count % 10 === 9) text.delete((at -= 1), 1);
    else text.insert(at++, 'x');
  }
  return updates;
}

test('100,000 key strokes of two who take turns take at most 3 MB and are read and ordered as they were written', () => {
  const node = `b4711.${0xdeadbeef}/src/a.ts`;
  const updates = strokes();
  const [one, other] = [new Log(EPOCH), new Log(EPOCH)];
  const [toOne, toOther] = [new Inbox(one), new Inbox(other)];
  updates.forEach((update, at) => {
    const turn = Math.floor(at / 100) % 2 === 0;
    if (at % 100 === 0) {
      if (turn) toOne.receive(batchesIn(other.missing(one.version())));
      else toOther.receive(batchesIn(one.missing(other.version())));
    }
    (turn ? one : other).write(AUTHORS[turn ? 0 : 1] ?? 0, { kind: 'text', node, base: null, update });
  });
  toOne.receive(batchesIn(other.missing(one.version())));
  const bytes = one.missing();
  const log = new Log(EPOCH);
  const { operations, refused } = new Inbox(log).receive(batchesIn(bytes));
  let count = 0;
  for (const { action } of log.history(node)) if (action.kind === 'text') count += action.update.length;
  expect(refused).toEqual([]);
  expect(operations.length).toBe(COUNT);
  expect(count).toBe(updates.reduce((sum, update) => sum + update.length, 0));
  expect(bytes.length).toBeLessThanOrEqual(3_000_000);
  expect(crc32c(log.missing())).toBe(crc32c(bytes));
});

test('two whose every operation answers the other come out of two runs in their order', () => {
  const logs = [new Log(EPOCH), new Log(EPOCH)] as const;
  const inboxes = [new Inbox(logs[0]), new Inbox(logs[1])] as const;
  const written: Operation[] = [];
  for (let count = 0; count < 20_000; count += 1) {
    const turn = count % 2 === 0 ? 0 : 1;
    const log = logs[turn];
    const operation = log.write(turn + 1, { kind: 'mode', node: 'b1.1/a', executable: true });
    written.push(operation);
    inboxes[(1 - turn) as 0 | 1].receive(batchesIn(log.messages(turn + 1, operation.seq)));
  }
  const log = new Log(EPOCH);
  const bytes = joined([logs[0].messages(2, 1), logs[0].messages(1, 1)]);
  expect(new Inbox(log).receive(batchesIn(bytes)).operations).toEqual(written);
});
