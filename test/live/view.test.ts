import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BaseTree } from '../../src/live/base-tree.js';
import { baseNode, madeNode } from '../../src/live/ids.js';
import type { NodeId } from '../../src/live/ids.js';
import { MoveTree } from '../../src/live/move-tree.js';
import { compareNames } from '../../src/live/names.js';
import { TreeView } from '../../src/live/view.js';
import type { ShownEntry } from '../../src/live/view.js';
import { MemoryGit } from './support/memory-git.js';
import type { Files } from './support/memory-git.js';
import { SlowTree } from './support/slow-tree.js';
import { TreeScript, epoch, files, step } from './support/tree-script.js';

const scripts = fc.record({
  base: files,
  replicas: fc.integer({ min: 2, max: 4 }),
  steps: fc.array(step, { maxLength: 30, size: 'max' }),
});

/** All that a view shows, by path, as the slow tree tells it; loads everything. */
async function everything(view: TreeView): Promise<Map<string, { type: string; nodes: readonly NodeId[] }>> {
  const shown = new Map<string, { type: string; nodes: readonly NodeId[] }>();
  const visit = async ({ nodes }: ShownEntry, under: string): Promise<void> => {
    const entries = await view.when(() => view.list(nodes));
    expect(entries.map(({ name }) => name)).toEqual(entries.map(({ name }) => name).toSorted(compareNames));
    for (const entry of entries) {
      shown.set(under + entry.name, { type: entry.type, nodes: entry.nodes });
      if (entry.type === 'directory') await visit(entry, `${under}${entry.name}/`);
    }
  };
  await visit(view.root, '');
  return shown;
}

function sorted<T>(shown: ReadonlyMap<string, T>): [string, T][] {
  return [...shown].sort(([a], [b]) => compareNames(a, b));
}

function pathsOf(shown: ReadonlyMap<string, { nodes: readonly NodeId[] }>): Map<NodeId, string> {
  return new Map([...shown].flatMap(([path, { nodes }]) => nodes.map((node) => [node, path] as const)));
}

/** A view of a few made moves upon a base: `[node, parent, name]`, a path for a base entry, `+name` for a made file, `+name/` for a made directory. */
function small(
  base: readonly string[],
  moves: readonly (readonly [string, string | null, string])[],
): { view: TreeView; git: MemoryGit } {
  const git = new MemoryGit();
  const held: Files = new Map(base.map((path) => [path, { mode: 0o100644, content: path }]));
  const id = (word: string): NodeId =>
    word.startsWith('+') ? `${madeNode(epoch, { replica: 1, seq: 0 })}${word}` : baseNode(epoch, word);
  const tree = new MoveTree(epoch);
  tree.apply(
    moves.map(([node, parent, name], at) => ({
      replica: 1,
      seq: at + 1,
      time: at + 1,
      node: id(node),
      parent: parent === null ? null : id(parent),
      name,
    })),
  );
  const view = new TreeView(tree.places, new BaseTree(git.commit(held), git), (node) =>
    node.includes('+') ? (node.endsWith('/') ? 'directory' : 'file') : undefined,
  );
  return { view, git };
}

async function paths(view: TreeView): Promise<string[]> {
  return sorted(await everything(view)).map(([path, { type }]) => (type === 'directory' ? `${path}/` : path));
}

test('the view is what follows from the whole base and all moves, after every step', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async ({ base, replicas, steps }) => {
      const script = new TreeScript(replicas, base);
      const git = new MemoryGit();
      const commit = git.commit(base);
      const peers = new Map(
        script.peers.map((peer) => {
          const tree = new MoveTree(epoch);
          return [
            peer,
            { tree, view: new TreeView(tree.places, new BaseTree(commit, git), (node) => script.made.get(node)) },
          ];
        }),
      );
      for (const one of steps) {
        let checked: Promise<void> | undefined;
        script.play(one, (peer, batch) => {
          const { tree, view } = peers.get(peer)!;
          tree.apply(batch);
          const slow = new SlowTree(epoch, base, script.made, peer.known).shown();
          checked = everything(view).then((shown) => expect(sorted(shown)).toEqual(sorted(slow)));
        });
        await checked;
      }
    }),
    { numRuns: 60 },
  );
});

test('an answer never depends on what is loaded: it is the right one, or that something is missing', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, fc.array(fc.nat(), { maxLength: 4 }), async ({ base, replicas, steps }, loads) => {
      const script = new TreeScript(replicas, base);
      const git = new MemoryGit();
      const tree = new MoveTree(epoch);
      for (const one of steps) script.play(one, () => undefined);
      tree.apply(script.all());
      const slow = new SlowTree(epoch, base, script.made, script.all()).shown();
      const found = pathsOf(slow);
      const start = new BaseTree(git.commit(base), git);
      const asked = [...slow.keys(), 'a', 'a/b', 'a~3', 'a~1~1', 'é~1/a', 'nowhere', '', '/', 'a//b', '.git'];
      const directories = script.nodes.map((node) => tree.places.basePath(node) ?? '');
      for (const load of loads) await start.load(directories[load % directories.length] ?? '');
      const view = new TreeView(tree.places, start, (node) => script.made.get(node));
      const known = [...start.loaded()];
      for (const path of asked) {
        const entry = view.resolve(path);
        const right = path === '' ? { type: 'directory', nodes: [tree.places.root] } : (slow.get(path) ?? null);
        if (entry !== undefined) expect(entry && { type: entry.type, nodes: entry.nodes }).toEqual(right);
      }
      for (const node of script.nodes) {
        const right = node === tree.places.root ? '' : (found.get(node) ?? null);
        expect([undefined, right]).toContain(view.pathOf(node));
        const fresh = new TreeView(tree.places, new BaseTree(start.commit, git), (one) => script.made.get(one));
        expect(await fresh.when(() => fresh.pathOf(node))).toBe(right);
        expect(fresh.pathOf(node)).toBe(right);
      }
      expect([...start.loaded()]).toEqual(known);
      for (const path of asked) {
        const fresh = new TreeView(tree.places, new BaseTree(start.commit, git), (one) => script.made.get(one));
        const entry = await fresh.when(() => fresh.resolve(path));
        expect(entry?.nodes).toEqual(path === '' ? [tree.places.root] : slow.get(path)?.nodes);
        expect(fresh.resolve(path)).toEqual(entry);
        if (path !== '' && entry !== null) {
          const up = path.split('/').slice(0, -1).join('/');
          const parent = await fresh.when(() => fresh.resolve(up));
          expect(fresh.entry(parent!.nodes, entry.name)).toEqual(entry);
          const real = tree.places.place(entry.nodes[0])!.name;
          expect(await fresh.when(() => fresh.named(parent!.nodes, real))).toContainEqual(entry);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('directories of one name merge, with all that is below them', async () => {
  const { view } = small(['a/x/one', 'b/x/two', 'b/three'], [['b', '', 'a']]);
  expect(await paths(view)).toEqual(['a/', 'a/three', 'a/x/', 'a/x/one', 'a/x/two']);
  expect(view.resolve('a/x')?.nodes).toEqual([baseNode(epoch, 'a/x'), baseNode(epoch, 'b/x')]);
  expect(view.pathOf(baseNode(epoch, 'b/x/two'))).toBe('a/x/two');
});

test('a directory keeps the name before files, a base entry in its own place before others, then who came first', async () => {
  const { view } = small(
    ['a', 'b', 'c'],
    [
      ['+1', '', 'a'],
      ['b', '', 'a'],
      ['+2/', '', 'c'],
      ['+3', '', 'b'],
      ['b', '', 'b'],
    ],
  );
  expect(await paths(view)).toEqual(['a', 'a~1', 'b', 'b~1', 'c/', 'c~1']);
  expect(view.resolve('a')?.nodes).toEqual([baseNode(epoch, 'a')]);
  expect(view.resolve('b')?.nodes).toEqual([baseNode(epoch, 'b')]);
  expect(view.resolve('c~1')?.nodes).toEqual([baseNode(epoch, 'c')]);
});

test('a name given by the view never meets a real one', async () => {
  const { view } = small(
    ['a', 'a~1', 'x/a~3'],
    [
      ['+1', '', 'a'],
      ['+2', '', 'a'],
      ['+3', '', 'a~1'],
      ['x/a~3', '', 'a~3'],
    ],
  );
  expect(await paths(view)).toEqual(['a', 'a~1', 'a~1~1', 'a~2', 'a~3', 'a~4', 'x/']);
  expect(view.resolve('a~2')?.nodes[0]).toContain('+1');
  expect(view.resolve('a~4')?.nodes[0]).toContain('+2');
});

test('to resolve a path opens only the directories on its way, and those its namesakes come from', async () => {
  const base = ['a/b/c/one', 'a/d/two', 'e/three', 'f/g/four', 'h/i/five'];
  const { view } = small(base, [
    ['f/g/four', 'a/b', 'x'],
    ['h/i/five', 'a/b', 'y'],
  ]);
  expect(view.resolve('a/b/x')).toBeUndefined();
  expect((await view.when(() => view.resolve('a/b/x')))?.nodes).toEqual([baseNode(epoch, 'f/g/four')]);
  expect([...view.base.loaded()].sort()).toEqual(['', 'a', 'a/b', 'f', 'f/g']);
  await view.when(() => view.resolve('a/b/c/nothing'));
  expect([...view.base.loaded()].sort()).toEqual(['', 'a', 'a/b', 'a/b/c', 'f', 'f/g']);
});

test('what was removed, lies below it, lies in a file, or is not in the base at all shows nowhere', async () => {
  const { view } = small(
    ['a/b/one', 'c'],
    [
      ['a/b', null, 'b'],
      ['+in a file', 'c', 'x'],
      ['not/there', '', 'y'],
      ['+2', 'not/there', 'z'],
    ],
  );
  expect(await paths(view)).toEqual(['a/', 'c']);
  for (const node of ['a/b', 'a/b/one', 'not/there', 'nor/this']) {
    expect(await view.when(() => view.pathOf(baseNode(epoch, node)))).toBeNull();
  }
  expect(view.pathOf(madeNode({ time: 1, replica: 1 }, { replica: 1, seq: 1 }))).toBeNull();
  expect(view.pathOf(view.places.root)).toBe('');
  expect(await view.when(() => view.typeOf(baseNode(epoch, 'not/there')))).toBeNull();
  expect(await view.when(() => view.typeOf(baseNode(epoch, 'a/b/one')))).toBe('file');
});

test('a question waits for what it needs and no longer, fails as the loading does, and can be asked again', async () => {
  const { view, git } = small(['a/one'], []);
  const [oid] = [...git.trees].find(([, entries]) => entries[0]?.name === 'one')!;
  const entries = git.trees.get(oid)!;
  git.trees.delete(oid);
  await expect(view.when(() => view.resolve('a/one'))).rejects.toThrow('no such object');
  git.trees.set(oid, entries);
  expect((await view.when(() => view.resolve('a/one')))?.type).toBe('file');
  const both = await view.when(() => {
    const parent = view.resolve('a');
    return parent && [view.pathOf(parent.nodes[0]), view.list(parent.nodes)?.length];
  });
  expect(both).toEqual(['a', 1]);
});

test('a million files cost what one costs: resolving a path keeps the directories on its way and nothing else', async () => {
  const shapes = [1, 1000].map((width) => {
    const git = new MemoryGit();
    const entries = Array.from({ length: width }, (_, at) => ({ name: `f${at}`, mode: 0o100644, oid: 'a'.repeat(40) }));
    const [leaf, middle, root] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string];
    git.trees.set(leaf, entries);
    git.trees.set(
      middle,
      entries.map(({ name }) => ({ name: `d${name}`, mode: 0o40000, oid: leaf })),
    );
    git.trees.set(root, [{ name: 'top', mode: 0o40000, oid: middle }]);
    const base = new BaseTree('c'.repeat(40), {
      treeOf: () => Promise.resolve(root),
      tree: (oid) => git.tree(oid),
      blob: (oid) => git.blob(oid),
    });
    const tree = new MoveTree(epoch);
    return { git, base, tree, view: new TreeView(tree.places, base, () => undefined) };
  });
  for (const { git, base, tree, view } of shapes) {
    expect([git.asked.length, [...base.loaded()].length, [...tree.places.touched()].length]).toEqual([0, 0, 0]);
    expect((await view.when(() => view.resolve('top/df0/f0')))?.type).toBe('file');
    expect([git.asked.length, [...base.loaded()].length, [...tree.places.touched()].length]).toEqual([3, 3, 0]);
  }
});
