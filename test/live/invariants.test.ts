import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TextBuffer } from '../../src/live/index.js';
import { CountingProvider, Desk, list, rows, settled, textOf } from './trees.js';

/** What a listener makes of the change events alone. */
function mirror(buffer: TextBuffer): () => string {
  let text = buffer.text();
  buffer.on('change', ({ edits }) => {
    let after = '';
    let at = 0;
    for (const edit of edits) {
      after += text.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    text = after + text.slice(at);
  });
  return () => text;
}

test("a buffer's change events alone rebuild its text: own, others', undone, and of a new epoch", async () => {
  const desk = new Desk({ a: 'one\ntwo\nthree\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  desk.connect();
  const [mine, theirs] = [await one.open('a'), await two.open('a')];
  const seen = mirror(mine);
  mine.edit([{ start: { row: 1, column: 0 }, end: { row: 1, column: 3 } }], 'ZWEI 😀\ud800');
  theirs.edit(
    [
      { start: 0, end: 0 },
      { start: 3, end: 3 },
    ],
    '!',
  );
  desk.now = 1000;
  mine.edit([{ start: 0, end: 1 }], '');
  mine.undo();
  expect(seen()).toBe('!one!\nZWEI 😀\ufffd\nthree\n');
  await two.reset(desk.git.commit({ a: 'zero\none\ntwo\nthree\nfour\n' }));
  await settled();
  expect(mine.text()).toBe('zero\n!one!\nZWEI 😀\ufffd\nthree\nfour\n');
  expect(seen()).toBe(mine.text());
});

test('an operation applied twice is applied once, and no order of delivery makes a difference', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      async (shares) => {
        const desk = new Desk({ a: 'one\n', 'd/b': 'two\n' });
        const [one, two, late] = [await desk.tree(1), await desk.tree(2), await desk.tree(3)];
        const sent: Uint8Array[] = [];
        for (const tree of [one, two]) tree.on('operations', (bytes) => sent.push(bytes));
        await one.rename('d', 'e');
        await two.rename('a', 'd/a');
        await one.create('d', 'text', 'three');
        (await two.open('d/b')).edit([{ start: 0, end: 0 }], 'more ');
        await two.remove('d/a');
        await one.apply(sent[1] ?? new Uint8Array());
        (await one.open('e/b')).edit([{ start: 0, end: 3 }], 'TWO');
        const shuffled = [...sent, ...sent]
          .map((bytes) => ({ bytes, at: shares.next().value ?? 0 }))
          .toSorted((a, b) => a.at - b.at);
        for (const { bytes } of shuffled) await late.apply(bytes);
        for (const bytes of sent) {
          await one.apply(bytes);
          await two.apply(bytes);
        }
        expect(late.deferred()).toEqual([]);
        expect((await late.apply(sent[0] ?? new Uint8Array())).taken).toBe(0);
        const expected = await rows(one, true);
        expect(await rows(two, true)).toEqual(expected);
        expect(await rows(late, true)).toEqual(expected);
        expect(textOf(await late.read('e/b'))).toBe(textOf(await one.read('e/b')));
      },
    ),
    { seed: 7, numRuns: 40 },
  );
});

test('an untouched path costs nothing', async () => {
  const files: Record<string, string> = {};
  for (let at = 0; at < 2000; at += 1) files[`d${at % 40}/e${at % 7}/${at}`] = `${at}`;
  const desk = new Desk(files);
  const provider = new CountingProvider(desk.git);
  const tree = await desk.tree(1, provider);
  expect(provider.asked).toBe(0);
  await tree.rename('d1', 'd2/d1');
  // The commit, the root, and the directory it went into.
  expect(provider.asked).toBe(3);
  await tree.open('d2/d1/e1/1');
  expect(provider.asked).toBe(6);
  let seen = 0;
  for await (const _ of tree.entries({ depth: 1 })) seen += 1;
  expect([seen, provider.asked]).toEqual([39, 6]);
  for await (const { path } of tree.changes())
    if (path.startsWith('d3')) expect.fail('an untouched directory was opened');
  // The moved directory is opened, and nothing else.
  expect(provider.asked).toBeLessThan(20);
});

test('a foreign base is refused', async () => {
  const desk = new Desk({ a: 'one\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  const other = new Desk({ a: 'another\n' });
  const [foreign] = [await other.tree(1)];
  const sent: Uint8Array[] = [];
  foreign.on('operations', (bytes) => sent.push(bytes));
  // The same replica, epoch, path and seq; only what the text began from is another.
  (await foreign.open('a')).edit([{ start: 0, end: 0 }], 'x');
  const buffer = await two.open('a');
  const { refused } = await two.apply(sent.at(-1) ?? new Uint8Array());
  expect(refused.map(({ operation }) => operation)).toEqual([{ replica: 1, seq: 1 }]);
  expect(buffer.text()).toBe('one\n');
  // One who had not opened it takes the edit, and leaves it out when he does.
  const three = await desk.tree(3);
  await three.apply(sent.at(-1) ?? new Uint8Array());
  expect((await three.open('a')).text()).toBe('one\n');
  expect(await list(one)).toHaveLength(1);
});

test('no bytes make a tree throw, nor change it', async () => {
  const desk = new Desk({ a: 'one\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  const sent: Uint8Array[] = [];
  one.on('operations', (bytes) => sent.push(bytes));
  (await one.open('a')).edit([{ start: 0, end: 0 }], 'x');
  const message = sent.at(-1) ?? new Uint8Array();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(message.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (at, change, cut) => {
        const bytes = message.slice(0, cut ? at : undefined);
        if (!cut) bytes[at] = (bytes[at] ?? 0) ^ change;
        const { taken, refused } = await two.apply(bytes);
        expect(taken).toBe(0);
        expect(bytes.length === 0 || refused.length > 0).toBe(true);
      },
    ),
    { seed: 3, numRuns: 300 },
  );
  expect(await rows(two)).toEqual(['a unchanged']);
});

test('what one call or one batch makes goes out as one message', async () => {
  const desk = new Desk({});
  const tree = await desk.tree(1);
  let messages = 0;
  tree.on('operations', () => (messages += 1));
  expect(messages).toBe(1);
  await tree.create('a', 'text', 'hello');
  expect(messages).toBe(2);
  const buffer = await tree.open('a');
  tree.batch(() => {
    for (const letter of 'world') buffer.edit([{ start: 0, end: 0 }], letter);
  });
  expect(messages).toBe(3);
});
