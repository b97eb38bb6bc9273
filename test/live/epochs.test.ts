import { expect, test } from 'vitest';
import { WorkTree } from '../../src/live/index.js';
import { bytesOf, CountingProvider, Desk, rows, settled, textOf } from './trees.js';

test('edits made while a new epoch loads belong to the new one; until then the tree stays as it was', async () => {
  const desk = new Desk({ a: 'one\ntwo\n' });
  const provider = new CountingProvider(desk.git);
  const [one, two] = [await desk.tree(1), await desk.tree(2, provider)];
  const buffer = await two.open('a');
  desk.connect();
  const errors: unknown[] = [];
  two.on('error', (error) => errors.push(error));
  provider.isShut = true;
  const next = desk.git.commit({ a: 'one\ntwo\nthree\n' });
  await one.reset(next);
  await settled();
  expect(errors).toHaveLength(1);
  expect(two.base).toBe(desk.base);
  buffer.edit([{ start: 0, end: 0 }], 'zero\n');
  provider.isShut = false;
  await two.retry();
  await settled();
  expect(two.base).toBe(next);
  expect(buffer.text()).toBe('zero\none\ntwo\nthree\n');
  expect(textOf(await one.read('a'))).toBe(buffer.text());
});

test('of epochs begun at the same time the greatest is honoured, and the work of both goes on', async () => {
  const desk = new Desk({ a: 'one\n', b: 'two\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  const sent: [Uint8Array[], Uint8Array[]] = [[], []];
  one.on('operations', (bytes) => sent[0].push(bytes));
  two.on('operations', (bytes) => sent[1].push(bytes));
  (await one.open('a')).edit([{ start: 0, end: 0 }], 'mine ');
  (await two.open('b')).edit([{ start: 0, end: 0 }], 'yours ');
  await one.reset(desk.git.commit({ a: 'one\n', b: 'two\n', c: 'three\n' }));
  await two.commit(desk.git.commit({ a: 'one\n', b: 'yours two\n' }), two.version());
  for (let round = 0; round < 3; round += 1) {
    for (const bytes of sent[0].splice(0)) await two.apply(bytes);
    for (const bytes of sent[1].splice(0)) await one.apply(bytes);
  }
  expect(one.version()).toEqual(two.version());
  expect(await rows(one)).toEqual(['a modified', 'b unchanged']);
  expect(textOf(await two.read('a'))).toBe('mine one\n');
});

test('who was off line for several epochs carries his own work into the newest', async () => {
  const desk = new Desk({ a: 'one\n', 'd/b': 'two\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  const buffer = await two.open('d/b');
  buffer.edit([{ start: 0, end: 0 }], 'off line ');
  await two.rename('a', 'd/a');
  for (const content of ['1', '2', '3']) {
    await one.write('a', bytesOf(`one\n${content}`));
    await one.commit(desk.git.commit({ a: `one\n${content}`, 'd/b': 'two\n' }), one.version());
  }
  await two.apply(one.missing());
  await one.apply(two.missing(one.version()));
  expect(await rows(one)).toEqual(
    ['d directory', 'd/a renamed', 'd/b modified'].map((row) => row.replace('directory', 'unchanged')),
  );
  expect(buffer.text()).toBe('off line two\n');
  expect(textOf(await one.read('d/a'))).toBe('one\n3');
});

test('what was changed there as well is a conflict, for everybody and until somebody resolves it', async () => {
  const desk = new Desk({ a: 'one\ntwo\nthree\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  desk.connect();
  const [mine, theirs] = [await one.open('a'), await two.open('a')];
  mine.edit([{ start: 4, end: 7 }], 'ZWEI');
  await two.reset(desk.git.commit({ a: 'one\nDEUX\nthree\n' }));
  await settled();
  expect(mine.text()).toBe('one\nDEUX\nthree\n');
  expect(mine.conflicts()).toEqual(theirs.conflicts());
  expect(mine.conflicts().map(({ ours }) => ours)).toEqual(['ZWEI\n']);
  await two.reset(desk.git.commit({ a: 'zero\none\nDEUX\nthree\n' }));
  await settled();
  const [conflict] = mine.conflicts();
  expect(mine.text().slice(conflict?.offset)).toBe('DEUX\nthree\n');
  if (conflict !== undefined) mine.resolve(conflict.id);
  expect(theirs.conflicts()).toEqual([]);
});

test('a buffer whose file is gone keeps its text, and gets a file again when it is edited', async () => {
  const desk = new Desk({ 'd/a': 'one\n', b: 'two\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  desk.connect();
  const [mine, theirs] = [await one.open('d/a'), await two.open('d/a')];
  const anchor = mine.anchor(3);
  const paths: (string | null)[] = [];
  mine.on('path', (path) => paths.push(path));
  await two.reset(desk.git.commit({ b: 'two\n' }));
  await settled();
  expect([mine.text(), mine.path(), theirs.path()]).toEqual(['one\n', null, null]);
  theirs.edit([{ start: 0, end: 0 }], 'number ');
  await settled();
  expect([mine.text(), mine.path()]).toEqual(['number one\n', 'd/a']);
  expect(anchor.offset()).toBe(10);
  expect(paths).toEqual([null, 'd/a']);
  expect(await rows(one)).toEqual(['b unchanged', 'd new', 'd/a new']);
});

test('a buffer gets its file back when HEAD goes to where it is', async () => {
  const desk = new Desk({ a: 'one\n', b: 'two\n' });
  const tree = await desk.tree(1);
  const buffer = await tree.open('a');
  await tree.reset(desk.git.commit({ b: 'two\n' }));
  await tree.reset(desk.git.commit({ a: 'ONE\n', b: 'two\n' }));
  expect([buffer.path(), buffer.text()]).toEqual(['a', 'ONE\n']);
  expect(await rows(tree)).toEqual(['a unchanged', 'b unchanged']);
});

test('a file removed here and changed there stays; one removed on both sides is gone', async () => {
  const desk = new Desk({ a: 'one\n', b: 'two\n', 'd/c': 'three\n', 'd/d': 'four\n' });
  const tree = await desk.tree(1);
  await tree.remove('a');
  await tree.remove('b');
  await tree.remove('d');
  await tree.reset(desk.git.commit({ a: 'changed\n', b: 'two\n', 'd/c': 'three\n', 'd/d': 'changed\n' }));
  expect(await rows(tree, true)).toEqual(['a unchanged', 'd unchanged', 'd/d unchanged', '(b) removed', '(c) removed']);
});

test.each([
  ['its author, who does not know of the removal', 2],
  ['somebody who knows of neither', 3],
])('an edit in a file that was removed unseen is not lost in a commit that is told by %s', async (_, teller) => {
  const desk = new Desk({ 'd/a': 'one\n', b: 'two\n' });
  const trees = [await desk.tree(1), await desk.tree(2), await desk.tree(3)] as const;
  const [one, two] = trees;
  (await two.open('d/a')).edit([{ start: 0, end: 0 }], 'unseen ');
  await one.remove('d');
  await one.apply(two.missing());
  const version = one.version();
  const creator = trees[teller - 1] ?? one;
  await creator.commit(desk.git.commit({ b: 'two\n' }), version);
  for (let round = 0; round < 3; round += 1) {
    for (const from of trees) for (const to of trees) if (from !== to) await to.apply(from.missing(to.version()));
  }
  for (const tree of trees) {
    expect(await rows(tree)).toEqual(['b unchanged']);
    const removed = [];
    for await (const entry of tree.entries({ removed: true })) {
      if (!entry.visible && entry.type === 'file') removed.push(textOf(await tree.read(entry)));
    }
    expect(removed).toEqual(['unseen one\n']);
  }
});

test('bytes written to a file do not write over the text that somebody committed in its place meanwhile', async () => {
  const desk = new Desk({ a: new Uint8Array([0, 1]) });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  await two.write('a', new Uint8Array([0, 2]));
  await one.write('a', bytesOf('text\n'));
  await one.commit(desk.git.commit({ a: 'text\n' }), one.version());
  await two.apply(one.missing(two.version()));
  await one.apply(two.missing(one.version()));
  for (const tree of [one, two]) {
    expect(await rows(tree)).toEqual(['a unchanged', 'a~1 new']);
    expect(textOf(await tree.read('a'))).toBe('text\n');
    expect(Array.from(await tree.read('a~1'))).toEqual([0, 2]);
  }
});

test('what somebody committed without saying so is not carried twice', async () => {
  const desk = new Desk({ a: 'one\n' });
  const tree = await desk.tree(1);
  await tree.create('new', 'text', 'new\n');
  await tree.rename('a', 'b');
  await tree.reset(desk.git.commit({ b: 'one\n', new: 'new\n' }));
  expect(await rows(tree)).toEqual(['b unchanged', 'new unchanged']);
});

test('who comes back with what he sent and received goes on where he was', async () => {
  const desk = new Desk({ a: 'one\n' });
  const one = await desk.tree(1);
  const kept: Uint8Array[] = [];
  one.on('operations', (bytes) => kept.push(bytes));
  (await one.open('a')).edit([{ start: 0, end: 0 }], 'x');
  await one.reset(desk.git.commit({ a: 'one\n', b: 'two\n' }));
  (await one.open('b')).edit([{ start: 0, end: 0 }], 'y');
  const back = await WorkTree.join({ replica: 1, provider: desk.git, clock: () => 0, operations: kept });
  expect(back.version()).toEqual(one.version());
  await back.create('c', 'text', 'z');
  await one.apply(back.missing(one.version()));
  expect(await rows(one)).toEqual(['a modified', 'b modified', 'c new']);
});

test('presence follows edits and epochs, and ends with its lifetime', async () => {
  const desk = new Desk({ a: 'one two\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  desk.connect();
  const [mine, theirs] = [await one.open('a'), await two.open('a')];
  mine.select([{ anchor: 4, head: 7 }]);
  theirs.edit([{ start: 0, end: 0 }], '>> ');
  expect(two.presence()).toEqual([
    { replica: 1, entry: theirs.entry, path: 'a', selections: [{ anchor: 7, head: 10 }] },
  ]);
  await two.reset(desk.git.commit({ a: 'zero\none two\n' }));
  await settled();
  expect(two.presence()).toMatchObject([{ replica: 1, path: 'a', selections: [{ anchor: 12, head: 15 }] }]);
  desk.now = 40_000;
  expect(two.presence()).toEqual([]);
  one.announce();
  expect(two.presence()).toHaveLength(1);
});

test('settling lets go of blobs, which are asked for again when they are needed', async () => {
  const desk = new Desk({ a: 'one\n', b: 'two\n' });
  const provider = new CountingProvider(desk.git);
  const tree = await desk.tree(1, provider);
  const buffer = await tree.open('a');
  await tree.write('b', bytesOf('2\n'));
  await tree.commit(desk.git.commit({ a: 'one\n', b: '2\n' }), tree.version());
  const before = provider.asked;
  expect(textOf(await tree.read('b'))).toBe('2\n');
  expect(provider.asked).toBe(before);
  tree.settle(new Map([[1, tree.version()]]));
  buffer.edit([{ start: 0, end: 0 }], 'zero\n');
  expect(textOf(await tree.read('a'))).toBe('zero\none\n');
  expect(provider.asked).toBe(before);
  expect(textOf(await tree.read('b'))).toBe('2\n');
  expect(provider.asked).toBeGreaterThan(before);
});

test('after settling a commit of a known version still asks the provider for nothing', async () => {
  const desk = new Desk({ a: 'one\n', b: 'two\n' });
  const provider = new CountingProvider(desk.git);
  const tree = await desk.tree(1, provider);
  const buffer = await tree.open('a');
  await tree.write('b', bytesOf('2\n'));
  provider.isShut = true;
  for (const text of ['zero\n', 'more\n']) {
    tree.settle(new Map([[1, tree.version()]]));
    buffer.edit([{ start: 0, end: 0 }], text);
    await tree.commit(desk.git.commit({ a: buffer.text(), b: '2\n' }), tree.version());
    expect(await rows(tree)).toEqual(['a unchanged', 'b unchanged']);
  }
  expect(textOf(await tree.read('a'))).toBe('more\nzero\none\n');
});

test('settling lets go of history, and nothing that can still come is refused', async () => {
  const desk = new Desk({ a: 'one\n', b: 'two\n' });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  const sent: Uint8Array[] = [];
  await one.rename('a', 'c');
  await two.apply(one.missing(two.version()));
  two.on('operations', (bytes) => sent.push(bytes));
  await two.rename('b', 'd');
  one.settle(
    new Map([
      [1, one.version()],
      [2, two.version()],
    ]),
  );
  await one.rename('c', 'e');
  for (const bytes of sent) expect((await one.apply(bytes)).refused).toEqual([]);
  await two.apply(one.missing(two.version()));
  expect(await rows(one)).toEqual(['d renamed', 'e renamed']);
  expect(await rows(two)).toEqual(await rows(one));
});
