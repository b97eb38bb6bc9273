import { expect, test } from 'vitest';
import { Inbox } from '../../src/live/inbox.js';
import { Log } from '../../src/live/log.js';
import { writeOperation, type Dep, type WireAction } from '../../src/live/wire/operation-codec.js';
import { idBytes } from '../../src/live/wire/own-id.js';
import type { CharacterReference } from '../../src/live/wire/stroke-codec.js';
import { readBatch } from '../../src/live/wire/batch-codec.js';
import { Reader, Writer } from '../../src/live/wire/varint.js';
import { batchesIn, EPOCH } from './wire-world.js';

const EPOCH_NAME = `${EPOCH.id.time}.${EPOCH.id.replica}`;
const OWN = 70_000;
const mode = (node: string | number): WireAction => ({ kind: 'mode', node, executable: true });
const update = (...bytes: number[]) => {
  const all = Uint8Array.of(...bytes);
  return { bytes: all, start: 0, end: all.length, gaps: [] };
};

const typed = (text: string, node?: number, origin?: CharacterReference): WireAction => {
  const bytes = new TextEncoder().encode(text);
  const place = node === undefined ? undefined : { node, origin, rightOrigin: undefined };
  return { kind: 'typed', place, text: bytes };
};

/** The bytes of an operation as a hostile author could put them. */
function bytesOf(action: WireAction, deps: readonly Dep[] = [], step = 0): Uint8Array {
  const writer = new Writer();
  writeOperation(writer, EPOCH.id, { step, deps, action });
  return writer.view();
}

/** Replica 5 made a file (1) and touched it (2); replica 70000 has seen both, and another file's first edit is its own operation 2. */
function begun(): Log {
  const log = new Log(EPOCH);
  const made = `c${EPOCH_NAME}.5.1`;
  const parent = `b${EPOCH_NAME}/`;
  log.write(5, { kind: 'create', node: made, parent, name: 'a', type: 'text', executable: false });
  log.write(5, { kind: 'mode', node: made, executable: true });
  log.write(OWN, { kind: 'text', node: made, base: null, update: Uint8Array.of(1) });
  log.write(OWN, { kind: 'mode', node: `b${EPOCH_NAME}/there`, executable: true });
  log.write(5, { kind: 'conflict', node: made, at: Uint8Array.of(), before: '', ours: 'x' });
  return log;
}

const parent = `b${EPOCH_NAME}/`;
const create = { kind: 'create', name: 'a', type: 'text', executable: false } as const;
const cases: readonly [string, Uint8Array, string][] = [
  ['a dep that had been observed', bytesOf(mode(1), [{ number: 1, seq: 2 }]), 'REFERENCE_INVALID'],
  ['a dep that goes back', bytesOf(mode(1), [{ number: 1, seq: 1 }]), 'REFERENCE_INVALID'],
  ['a dep by a number not given', bytesOf(mode(1), [{ number: 2, seq: 3 }]), 'REFERENCE_INVALID'],
  ['a dep in full that has a number', bytesOf(mode(1), [{ number: 0, replica: 5, seq: 3 }]), 'MALFORMED'],
  ['a dep on itself', bytesOf(mode(1), [{ number: 0, replica: OWN, seq: 1 }]), 'REFERENCE_INVALID'],
  [
    'deps out of order',
    bytesOf(mode(1), [
      { number: 1, seq: 3 },
      { number: 0, replica: 4, seq: 1 },
    ]),
    'MALFORMED',
  ],
  [
    'a dep twice',
    bytesOf(mode(1), [
      { number: 1, seq: 3 },
      { number: 1, seq: 4 },
    ]),
    'MALFORMED',
  ],
  ['a node by a number not given', bytesOf(mode(3)), 'REFERENCE_INVALID'],
  ['a node in full that has a number', bytesOf(mode(`c${EPOCH_NAME}.5.1`)), 'MALFORMED'],
  ['a node that nothing made', bytesOf(mode(`c${EPOCH_NAME}.5.2`)), 'REFERENCE_INVALID'],
  ['a node of its own future', bytesOf(mode(`c${EPOCH_NAME}.${OWN}.9`)), 'REFERENCE_INVALID'],
  ['a node of nobody', bytesOf(mode(`c${EPOCH_NAME}.6.1`)), 'REFERENCE_INVALID'],
  ['a root that is changed', bytesOf(mode(parent)), 'REFERENCE_INVALID'],
  ['a node put into itself', bytesOf({ kind: 'move', node: 1, parent: 1, name: 'b' }), 'REFERENCE_INVALID'],
  ['a new entry in itself', bytesOf({ ...create, node: null, parent: 3 }), 'REFERENCE_INVALID'],
  ['a create of what the base has', bytesOf({ ...create, node: 2, parent }), 'REFERENCE_INVALID'],
  [
    'a text whose base was not named',
    bytesOf({ kind: 'text', node: 2, base: undefined, update: update(1) }),
    'REFERENCE_INVALID',
  ],
  ['a text whose base is named twice', bytesOf({ kind: 'text', node: 1, base: null, update: update(1) }), 'MALFORMED'],
  [
    'an author named where it need not be',
    bytesOf({ kind: 'text', node: 1, base: undefined, update: update(9, ...idBytes(OWN)) }),
    'MALFORMED',
  ],
  [
    'a conflict that it had not seen',
    bytesOf({ kind: 'resolve', conflict: { replica: 5, seq: 3 } }),
    'REFERENCE_INVALID',
  ],
  ['a conflict that is none', bytesOf({ kind: 'resolve', conflict: { replica: 5, seq: 1 } }), 'REFERENCE_INVALID'],
  ['a stroke that goes on from none', bytesOf({ kind: 'erased', place: undefined }), 'REFERENCE_INVALID'],
  ['a stroke behind none', bytesOf(typed('x')), 'REFERENCE_INVALID'],
  ['a stroke in a text whose base was not named', bytesOf(typed('x', 2, { by: 2, clock: 0 })), 'REFERENCE_INVALID'],
  ['a stroke in a text that has no number yet', bytesOf(typed('x', 9, { by: 2, clock: 0 })), 'REFERENCE_INVALID'],
  ['a stroke in a text without a number', bytesOf(typed('x', 0, { by: 2, clock: 0 })), 'MALFORMED'],
  ['a stroke next to nothing', bytesOf(typed('x', 1)), 'MALFORMED'],
  [
    'a stroke next to what its author has not written',
    bytesOf(typed('x', 1, { by: 1, clock: 1 })),
    'REFERENCE_INVALID',
  ],
  [
    'a stroke next to what nobody with that number wrote',
    bytesOf(typed('x', 1, { by: 4, clock: 0 })),
    'REFERENCE_INVALID',
  ],
  ['a stroke of nothing', bytesOf(typed('', 1, { by: 2, clock: 0 })), 'MALFORMED'],
  ['a stroke that is not UTF-8', Uint8Array.of(8, 1, 2, 0, 0, 1, 255), 'MALFORMED'],
  ['a stroke that erases nothing', Uint8Array.of(9, 1, 0), 'MALFORMED'],
  ['one character erased as if they were several', Uint8Array.of(128 | 9, 1, 2, 0, 1), 'LIMIT'],
  [
    'a stroke told as another edit',
    bytesOf({ kind: 'text', node: 1, base: undefined, update: update(0, 1, 0, 1, 2, 1) }),
    'MALFORMED',
  ],
  ['a run in place of an operation', Uint8Array.of(128 | 8, 1, 2, 0, 0, 2, 97, 98), 'MALFORMED'],
  ['something behind it', Uint8Array.of(...bytesOf(mode(1)), 0), 'MALFORMED'],
  ['nothing', Uint8Array.of(), 'MALFORMED'],
];

test.each(cases)('an operation with %s is refused, and leaves everything as it was', (_, bytes, code) => {
  const log = begun();
  const before = log.missing();
  expect(log.accept(OWN, bytes)).toMatchObject({ code, epoch: EPOCH.id, operation: { replica: OWN, seq: 3 } });
  expect(log.missing()).toEqual(before);
  // The numbers are as they were, too.
  const next = log.write(OWN, { kind: 'move', node: 'b3.9/new', parent: `b${EPOCH_NAME}/new`, name: 'c' });
  expect(log.operation(next)).toEqual(next);
  const copy = new Log(EPOCH);
  expect(new Inbox(copy).receive(batchesIn(log.missing())).refused).toEqual([]);
  expect([...copy.history('b3.9/new')]).toEqual([next]);
});

test('a text edit whose gaps go beyond its bytes is refused', () => {
  const bytes = { bytes: Uint8Array.of(1, 2), start: 0, end: 2, gaps: [1, 2] };
  const wire = bytesOf({ kind: 'text', node: 1, base: undefined, update: bytes });
  expect(begun().accept(OWN, wire)).toMatchObject({
    code: 'MALFORMED',
    message: expect.stringContaining('ends before'),
  });
});

test('the same operations with what they lack are taken', () => {
  const log = begun();
  const seen = [{ number: 1, seq: 3 }];
  expect(log.accept(OWN, bytesOf({ kind: 'resolve', conflict: { replica: 5, seq: 3 } }, seen))).toMatchObject({
    replica: OWN,
    seq: 3,
    deps: [{ replica: 5, seq: 3 }],
  });
  expect(log.accept(OWN, bytesOf(mode(1), [{ number: 1, seq: 4 }]))).toEqual({ waitsFor: { replica: 5, seq: 4 } });
  expect(log.accept(OWN, bytesOf(mode(2), [], 2 ** 28))).toMatchObject({ seq: 4 });
  expect([...log.history(`c${EPOCH_NAME}.5.1`)].map(({ action }) => action.kind)).toEqual([
    'create',
    'mode',
    'text',
    'conflict',
    'resolve',
  ]);
});

test('a stroke that goes on is taken when it says so, and only then', () => {
  const log = begun();
  expect(log.accept(OWN, bytesOf(typed('é', 1, { by: 2, clock: 0 })))).toMatchObject({ seq: 3 });
  const again = bytesOf(typed('x', 1, { by: 1, clock: 1 }));
  expect(log.accept(OWN, again)).toMatchObject({ code: 'MALFORMED' });
  expect(log.accept(OWN, bytesOf(typed('x')))).toMatchObject({ seq: 4, action: { base: null } });
  const first = { by: 1, clock: 1 };
  expect(log.accept(OWN, bytesOf({ kind: 'erased', place: { node: 1, first, length: 1 } }))).toMatchObject({ seq: 5 });
  const before = { by: 1, clock: 2 };
  expect(log.accept(OWN, bytesOf({ kind: 'erased', place: { node: 1, first: before, length: 1 } }))).toMatchObject({
    code: 'MALFORMED',
  });
  expect(log.accept(OWN, bytesOf({ kind: 'erased', place: undefined }))).toMatchObject({ seq: 6 });
  expect(log.accept(OWN, bytesOf({ kind: 'erased', place: undefined }))).toMatchObject({ code: 'REFERENCE_INVALID' });
  expect(log.accept(OWN, bytesOf(typed('x')))).toMatchObject({ code: 'REFERENCE_INVALID' });
  expect(log.accept(OWN, bytesOf(mode(1)))).toMatchObject({ seq: 7 });
  expect(log.accept(OWN, bytesOf({ kind: 'erased', place: undefined }))).toMatchObject({ code: 'REFERENCE_INVALID' });
});

test('a run is of two characters at least, and of no more than the operations it counts for', () => {
  const writer = new Writer();
  const payload = (count: number, text: string): Reader => {
    for (const byte of [1, 1, 0, 0, 0, 7, 0, 0, 0, 1, count, 128 | 8, 1, 2, 0, 0]) writer.byte(byte);
    writer.text(text);
    return new Reader(writer.view(), writer.length - new TextEncoder().encode(text).length - 17);
  };
  const { shelf } = readBatch(payload(3, 'aé😀'));
  expect([shelf.count, shelf.entries]).toEqual([3, 1]);
  expect([0, 1, 2, 3].map((skip) => shelf.textAt(0, skip))).toEqual([0, 1, 3, 7]);
  expect(() => readBatch(payload(1, '😀'))).toThrow('of one character');
  expect(() => readBatch(payload(2, 'aé😀'))).toThrow('longer than all');
});
