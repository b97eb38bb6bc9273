import { expect, test } from 'vitest';
import type { LiveChange, WorkTree } from '../../src/live/index.js';
import { bytesOf, Desk, rows, settled, textOf } from './trees.js';

async function changes(tree: WorkTree): Promise<string[]> {
  const shown = ({ path, kind, before, after }: LiveChange): string => {
    const side = (value: LiveChange['before']): string =>
      value === undefined ? '-' : `${value.mode.toString(8)}:${'oid' in value ? 'oid' : textOf(value.bytes)}`;
    return `${kind} ${path} ${side(before)} ${side(after)}`;
  };
  const all = [];
  for await (const change of tree.changes()) all.push(shown(change));
  return all;
}

test('the uncommitted changes are what a commit needs, ordered by path bytes', async () => {
  const desk = new Desk({
    'a-b': '1',
    'a/x': '2',
    'a/y': '3',
    b: '4',
    c: '5',
    d: { mode: 0o120000, content: 'b' },
    ü: '6',
  });
  const tree = await desk.tree(1);
  await tree.rename('a', 'a.d');
  await tree.write('b', bytesOf('four'));
  await tree.setExecutable('c', true);
  await tree.remove('d');
  await tree.create('d', 'text', 'no link');
  await tree.create('empty', 'directory');
  await tree.rename('ü', 'ö');
  await tree.create('same', 'text', 'x');
  await tree.remove('same');
  expect(await changes(tree)).toEqual([
    'added a.d/x - 100644:oid',
    'added a.d/y - 100644:oid',
    'deleted a/x 100644:oid -',
    'deleted a/y 100644:oid -',
    'modified b 100644:oid 100644:four',
    'mode c 100644:oid 100755:oid',
    'retyped d 120000:oid 100644:no link',
    'added Ã¶ - 100644:oid',
    'deleted Ã¼ 100644:oid -',
  ]);
});

test('what is as it was again is no change', async () => {
  const desk = new Desk({ 'd/a': 'one\n' });
  const tree = await desk.tree(1);
  const buffer = await tree.open('d/a');
  buffer.edit([{ start: 0, end: 0 }], 'x');
  buffer.undo();
  await tree.rename('d', 'e');
  await tree.rename('e', 'd');
  expect(await changes(tree)).toEqual([]);
  expect(await rows(tree)).toEqual(['d unchanged', 'd/a unchanged']);
});

test('two of one name both show, and are committed as they show', async () => {
  const desk = new Desk({});
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  await one.create('a', 'text', 'mine');
  await two.create('a', 'text', 'yours');
  await one.apply(two.missing(one.version()));
  await two.apply(one.missing(two.version()));
  expect(await changes(one)).toEqual(['added a - 100644:mine', 'added a~1 - 100644:yours']);
  expect(await changes(two)).toEqual(await changes(one));
});

test('a text that becomes binary, and the reverse, is replaced; the old one is in the trash', async () => {
  const desk = new Desk({ a: 'one\n', b: new Uint8Array([0, 1]) });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  desk.connect();
  const buffer = await two.open('a');
  await one.write('a', new Uint8Array([0, 2]));
  await one.write('b', bytesOf('two\n'));
  await settled();
  expect(buffer.path()).toBe(null);
  expect(await rows(two, true)).toEqual(['a new', 'b new', '(a) removed', '(b) removed']);
  expect((await two.open('b')).text()).toBe('two\n');
  await expect(two.open('a')).rejects.toMatchObject({ code: 'NOT_TEXT' });
  expect((await changes(two)).map((row) => row.split(' ').slice(0, 2).join(' '))).toEqual(['modified a', 'modified b']);
});

test('of two who replace a binary file the last stands, and the other can be had', async () => {
  const desk = new Desk({ b: new Uint8Array([0, 1]) });
  const [one, two] = [await desk.tree(1), await desk.tree(2)];
  await one.write('b', new Uint8Array([0, 2]));
  await two.write('b', new Uint8Array([0, 3]));
  await one.apply(two.missing(one.version()));
  await two.apply(one.missing(two.version()));
  expect(await one.read('b')).toEqual(await two.read('b'));
  expect((await one.contents('b')).map((bytes) => bytes[1]).toSorted()).toEqual([2, 3]);
});

test('what cannot be done is said, and nothing is done', async () => {
  const desk = new Desk({ a: 'one\n', 'd/b': 'two\n' });
  const tree = await desk.tree(1);
  const code = (code: string): { readonly code: string } => ({ code });
  await expect(tree.create('d/.GIT', 'directory')).rejects.toMatchObject(code('NAME_INVALID'));
  await expect(tree.create('a', 'text')).rejects.toMatchObject(code('EXISTS'));
  await expect(tree.create('x/y', 'text')).rejects.toMatchObject(code('NOT_FOUND'));
  await expect(tree.create('a/y', 'text')).rejects.toMatchObject(code('NOT_A_DIRECTORY'));
  await expect(tree.create('t', 'text', new Uint8Array([0]))).rejects.toMatchObject(code('NOT_TEXT'));
  await expect(tree.rename('d', 'd/e')).rejects.toMatchObject(code('INTO_ITSELF'));
  await expect(tree.rename('a', 'd/b')).rejects.toMatchObject(code('EXISTS'));
  await expect(tree.remove('')).rejects.toMatchObject(code('ARGUMENT_INVALID'));
  await expect(tree.write('d', bytesOf('x'))).rejects.toMatchObject(code('IS_A_DIRECTORY'));
  const buffer = await tree.open('a');
  expect(() => buffer.edit([{ start: 0, end: 9 }], '')).toThrow(expect.objectContaining(code('RANGE_INVALID')));
  expect(() => buffer.edit([{ start: { row: 0, column: 4 }, end: { row: 0, column: 4 } }], 'x')).toThrow(
    expect.objectContaining(code('RANGE_INVALID')),
  );
  expect(tree.version().vector.size).toBe(0);
});
