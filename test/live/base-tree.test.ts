import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BaseTree } from '../../src/live/base-tree.js';
import type { GitEntry, GitProvider } from '../../src/live/provider.js';
import { MemoryGit, plain } from './support/memory-git.js';
import type { Files } from './support/memory-git.js';
import { files } from './support/tree-script.js';

function filesAt(...paths: string[]): Files {
  return new Map(paths.map((path) => [path, { mode: 0o100644, content: path }]));
}

/** A provider whose one directory is `answer`. */
function answering(answer: unknown, tree: unknown = 'a'.repeat(40)): GitProvider {
  return {
    treeOf: () => Promise.resolve(tree as string),
    tree: () => Promise.resolve(answer as GitEntry[]),
    blob: () => Promise.reject(new Error('not asked for')),
  };
}

const commit = 'c'.repeat(40);
const good: GitEntry = { name: 'a', mode: 0o100644, oid: 'b'.repeat(40) };

test('to open a base asks for nothing and keeps nothing; a path opens only the directories on its way, each once', async () => {
  const git = new MemoryGit();
  const base = new BaseTree(git.commit(filesAt('a/b/c/file', 'a/x/file', 'y/file')), git);
  expect([git.asked, [...base.loaded()]]).toEqual([[], []]);
  expect(base.find('a/b')).toBeUndefined();
  expect(git.asked).toEqual([]);
  expect(await base.locate('a/b/c')).toMatchObject({ name: 'c', mode: 0o40000 });
  expect([...base.loaded()].sort()).toEqual(['', 'a', 'a/b']);
  expect(git.asked).toHaveLength(4);
  expect(await base.locate('a/b/c')).toEqual(base.find('a/b/c'));
  expect(git.asked).toHaveLength(4);
});

test('what is not there takes no memory, and is known as soon as its parent is', async () => {
  const git = new MemoryGit();
  const base = new BaseTree(git.commit(filesAt('a/file')), git);
  expect(await base.load('a/file/below')).toBeNull();
  expect(await base.load('nowhere/at/all')).toBeNull();
  expect(await base.locate('a/other')).toBeNull();
  expect(base.find('nowhere/at/all')).toBeNull();
  expect(base.directory('a/file')).toBeNull();
  expect([...base.loaded()]).toHaveLength(2);
});

test('asks at the same time share one answer', async () => {
  const git = new MemoryGit();
  const base = new BaseTree(git.commit(filesAt('a/b/one', 'a/c/two')), git);
  await Promise.all(['a/b', 'a/c', 'a/b', 'a', ''].map((path) => base.load(path)));
  expect(new Set(git.asked).size).toBe(git.asked.length);
  expect(git.asked).toHaveLength(5);
});

test('a failed load leaves nothing behind and can be asked again', async () => {
  const git = new MemoryGit();
  const oid = git.commit(filesAt('a/b/one'));
  let failures = 3;
  const failing: GitProvider = {
    treeOf: (asked) => (failures-- > 2 ? Promise.reject(new Error('off line')) : git.treeOf(asked)),
    tree: (asked) => (failures-- > 0 ? Promise.reject(new Error('off line')) : git.tree(asked)),
    blob: (asked) => git.blob(asked),
  };
  const base = new BaseTree(oid, failing);
  await expect(base.load('a/b')).rejects.toThrow('off line');
  expect([...base.loaded()]).toEqual([]);
  await expect(Promise.all([base.load('a'), base.load('a/b')])).rejects.toThrow('off line');
  expect(plain(await base.load('a/b'))).toEqual([{ name: 'one', mode: 0o100644, oid: git.blobOf('a/b/one') }]);
});

test('listings are in the order of the bytes of the names', async () => {
  const git = new MemoryGit();
  // Bytes: 7a, c3a9, ef.., f0..; and ff alone. UTF-16 would sort the fourth before the third.
  const names = ['z', 'é', '\uff5e', '\u{1f600}', '\udcff'];
  const base = new BaseTree(git.commit(filesAt(...names.toReversed())), git);
  expect([...(await base.load(''))!.keys()]).toEqual(names);
});

test('an empty base asks for nothing', async () => {
  const git = new MemoryGit();
  const base = new BaseTree(null, git);
  expect(base.find('a')).toBeNull();
  expect((await base.load(''))!.size).toBe(0);
  expect(git.asked).toEqual([]);
});

test.each<[string, unknown, unknown?]>([
  ['no list', 'garbage'],
  ['nothing', undefined],
  ['no entry', [null]],
  ['no name', [{ ...good, name: 7 }]],
  ['an empty name', [{ ...good, name: '' }]],
  ['a slash', [{ ...good, name: 'a/b' }]],
  ['dots', [{ ...good, name: '..' }]],
  ["git's own", [{ ...good, name: '.GIT' }]],
  ['a name that is another one in bytes', [{ ...good, name: '\udcc3\udca9' }]],
  ['a name twice', [good, { ...good, mode: 0o120000 }]],
  ['a mode that is none', [{ ...good, mode: 0o100600 }]],
  ['a mode in words', [{ ...good, mode: '100644' }]],
  ['a short object', [{ ...good, oid: 'abc' }]],
  ['an object of the other hash', [{ ...good, oid: 'b'.repeat(64) }]],
  ['an object in capitals', [{ ...good, oid: 'B'.repeat(40) }]],
  ['a tree that is no object', [good], 'tree'],
  ['no tree', [good], undefined],
])('an answer with %s is refused as the fault of the provider', async (_, answer, ...tree) => {
  const base = new BaseTree(
    commit,
    tree.length > 0 ? { ...answering(answer), treeOf: () => Promise.resolve(tree[0] as string) } : answering(answer),
  );
  await expect(base.load('')).rejects.toMatchObject({ name: 'LiveError', code: 'PROVIDER' });
  expect([...base.loaded()]).toEqual([]);
});

test('the group-writable mode of early git is read as an ordinary one', async () => {
  const base = new BaseTree(commit, answering([{ ...good, mode: 0o100664 }]));
  expect((await base.locate('a'))?.mode).toBe(0o100644);
});

test('a derived base asks for nothing that is known, and finds the rest below the new commit', async () => {
  const git = new MemoryGit();
  const old = new BaseTree(git.commit(filesAt('a/b/one', 'c/d/two', 'e/three')), git);
  const next = git.commit(filesAt('a/b/one', 'c/d/two', 'c/d/new', 'e/three'));
  const [a, e] = [await old.locate('a'), await old.locate('e')];
  git.asked.length = 0;
  const derived = old.derive(next, new Map([['', [a!, e!, { name: 'c', mode: 0o40000, oid: null }]]]));
  expect([...derived.directory('')!.keys()]).toEqual(['a', 'c', 'e']);
  await derived.load('a/b');
  expect(git.asked).toHaveLength(2);
  expect(git.asked).not.toContain(`commit ${next}`);
  expect([...(await derived.load('c/d'))!.keys()]).toEqual(['new', 'two']);
  expect(git.asked).toHaveLength(6);
  expect(new Set(git.asked).size).toBe(6);
});

test('a derived base whose commit does not hold what was said of it is the fault of the provider', async () => {
  const git = new MemoryGit();
  const base = new BaseTree(null, git).derive(
    git.commit(filesAt('a/one')),
    new Map([['', [{ name: 'b', mode: 0o40000, oid: null }]]]),
  );
  await expect(base.load('b')).rejects.toMatchObject({ code: 'PROVIDER' });
});

test('whatever is asked for in whatever order, it is what git has', async () => {
  await fc.assert(
    fc.asyncProperty(
      files,
      fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'a~1', 'é'), { maxLength: 4 })),
      async (held, asks) => {
        const git = new MemoryGit();
        const base = new BaseTree(git.commit(held), git);
        for (const parts of asks) {
          const path = parts.join('/');
          const file = held.get(path);
          const isDirectory = path !== '' && [...held.keys()].some((one) => one.startsWith(`${path}/`));
          const entry = await base.locate(path);
          expect(entry?.mode).toBe(file?.mode ?? (isDirectory ? 0o40000 : undefined));
          if (file !== undefined) expect(entry?.oid).toBe(git.blobOf(file.content));
        }
        expect(git.asked.filter((one) => one.startsWith('tree')).length).toBe([...base.loaded()].length);
      },
    ),
  );
});
