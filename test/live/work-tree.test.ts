import { expect, test } from 'vitest';
import { MemoryProvider, WorkTree } from '../../src/live/index.js';
import type { GitProvider } from '../../src/live/index.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import { Desk, list, rows } from './trees.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

function world(files: Record<string, string>): {
  git: MemoryProvider;
  base: string;
  clock: () => number;
  at: { now: number };
} {
  const git = new MemoryProvider();
  const at = { now: 0 };
  return { git, base: git.commit(files), clock: () => at.now, at };
}

/** Two trees that hear each other at once. */
async function pair(files: Record<string, string>): Promise<ReturnType<typeof world> & { a: WorkTree; b: WorkTree }> {
  const made = world(files);
  const { git, base, clock } = made;
  const a = WorkTree.create({ replica: 1, base, provider: git, clock });
  const b = await WorkTree.join({ replica: 2, provider: git, clock, operations: [a.missing()] });
  a.on('operations', (sent) => void b.apply(sent));
  b.on('operations', (sent) => void a.apply(sent));
  return { ...made, a, b };
}

test('entries have a status against the base', async () => {
  const { a, b } = await pair({ 'a.txt': 'one\n', 'dir/b.txt': 'two\n', 'dir/c.txt': 'three\n', d: 'four' });
  await a.rename('dir', 'folder');
  await a.create('new.txt', 'text', 'hello');
  await b.remove('d');
  const buffer = await b.open('folder/b.txt');
  buffer.edit([{ start: 0, end: 0 }], '>');
  await a.setExecutable('a.txt', true);
  const expected = [
    'a.txt modified',
    'folder renamed',
    'folder/b.txt renamed-and-modified',
    'folder/c.txt renamed',
    'new.txt new',
    '(d) removed',
  ];
  expect(await rows(a, true)).toEqual(expected);
  expect(await rows(b, true)).toEqual(expected);
  expect(text(await a.read('folder/b.txt'))).toBe('>two\n');
});

test('a commit of a known version asks the provider for nothing', async () => {
  const { git, base, clock } = world({ 'a.txt': 'one\n', 'dir/b.txt': 'two\n' });
  let isOpen = true;
  const ask = <T>(answer: Promise<T>): Promise<T> => (isOpen ? answer : Promise.reject(new Error('asked')));
  const provider: GitProvider = {
    treeOf: (oid) => ask(git.treeOf(oid)),
    tree: (oid) => ask(git.tree(oid)),
    blob: (oid) => ask(git.blob(oid)),
  };
  const tree = WorkTree.create({ replica: 1, base, provider, clock });
  const buffer = await tree.open('dir/b.txt');
  buffer.edit([{ start: 0, end: 3 }], 'zwei');
  await tree.rename('a.txt', 'dir/a.txt');
  await tree.create('dir/new', 'text', 'new');
  const next = git.commit({ 'dir/a.txt': 'one\n', 'dir/b.txt': 'zwei\n', 'dir/new': 'new' });
  await list(tree);
  isOpen = false;
  const version = tree.version();
  buffer.edit([{ start: 0, end: 0 }], 'vier');
  const committed = tree.commit(next, version);
  expect(tree.base).toBe(next);
  await committed;
  expect(buffer.text()).toBe('vierzwei\n');
  expect(await rows(tree)).toEqual(['dir unchanged', 'dir/a.txt unchanged', 'dir/b.txt modified', 'dir/new unchanged']);
  expect(text(await tree.read('dir/new'))).toBe('new');
});

test('a reset carries uncommitted changes over for everybody', async () => {
  const { git, a, b } = await pair({ 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b' });
  const buffer = await a.open('a.txt');
  buffer.edit([{ start: 14, end: 14 }], 'four\n');
  await b.rename('b.txt', 'c.txt');
  const next = git.commit({ 'a.txt': 'zero\none\ntwo\nthree\n', 'b.txt': 'b', 'd.txt': 'd' });
  await b.reset(next);
  await new Promise((done) => setTimeout(done, 5));
  expect(buffer.text()).toBe('zero\none\ntwo\nthree\nfour\n');
  expect(await rows(a)).toEqual(['a.txt modified', 'c.txt renamed', 'd.txt unchanged']);
  expect(await rows(b)).toEqual(await rows(a));
});

test('bytes written from outside become the smallest edits', async () => {
  const { a, b } = await pair({ 'a.txt': 'one\ntwo\nthree\n' });
  const buffer = await a.open('a.txt');
  const edits: unknown[] = [];
  buffer.on('change', (change) => edits.push(change.edits));
  await b.write('a.txt', bytes('one\ntwo!\nthree\n'));
  await b.write('deep/down/x', bytes('x'));
  expect(edits).toEqual([[{ start: 7, end: 7, text: '!' }]]);
  expect(text(await a.read('deep/down/x'))).toBe('x');
});

test('what is made empty, or written as it is, opens no text', async () => {
  const desk = new Desk({ a: 'one\n' });
  const tree = await desk.tree(1);
  let opened = 0;
  const { open } = yjsEngine;
  Object.assign(yjsEngine, {
    open: (...asked: Parameters<typeof open>) => {
      opened += 1;
      return open(...asked);
    },
  });
  try {
    await tree.create('empty', 'text');
    await tree.write('also', bytes(''));
    await tree.write('a', bytes('one\n'));
    expect([opened, await rows(tree)]).toEqual([0, ['a unchanged', 'also new', 'empty new']]);
    await tree.write('a', bytes('one\ntwo\n'));
    expect(opened).toBe(1);
  } finally {
    Object.assign(yjsEngine, { open });
  }
  expect((await tree.open('empty')).text()).toBe('');
});
