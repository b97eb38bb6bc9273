import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BaseTree } from '../../src/live/base-tree.js';
import { committedListings } from '../../src/live/committed-listings.js';
import type { FileContent } from '../../src/live/committed-listings.js';
import type { NodeId } from '../../src/live/ids.js';
import { MoveTree } from '../../src/live/move-tree.js';
import { TreeView } from '../../src/live/view.js';
import { MemoryGit, plain } from './support/memory-git.js';
import { SlowTree } from './support/slow-tree.js';
import { TreeScript, epoch, files, step } from './support/tree-script.js';

const scripts = fc.record({
  base: files,
  replicas: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(step, { maxLength: 20, size: 'max' }),
  loads: fc.array(fc.nat(), { maxLength: 8, size: 'max' }),
  edits: fc.array(fc.nat(), { maxLength: 3 }),
});

test('what is said to be in a commit is what the commit of the whole view holds, whatever is loaded, and the rest is found below it', async () => {
  let known = 0;
  await fc.assert(
    fc.asyncProperty(scripts, fc.boolean(), async ({ base, replicas, steps, loads, edits }, loadAll) => {
      const script = new TreeScript(replicas, base);
      const git = new MemoryGit();
      const tree = new MoveTree(epoch);
      for (const one of steps) script.play(one, () => undefined);
      tree.apply(script.all());
      const old = new BaseTree(git.commit(base), git);
      const view = new TreeView(tree.places, old, (node) => script.made.get(node));
      for (const load of loadAll ? script.nodes.keys() : loads) {
        await old.load(tree.places.basePath(script.nodes[load % script.nodes.length]!) ?? '');
      }

      const slow = new SlowTree(epoch, base, script.made, script.all());
      const contents = new Map<NodeId, FileContent>();
      const committed = new Map<string, { mode: number; content: string }>();
      for (const [
        path,
        {
          type,
          nodes: [node = ''],
        },
      ] of slow.shown()) {
        if (type === 'directory') continue;
        const held = base.get(tree.places.basePath(node) ?? '');
        const isChanged = held === undefined || edits.some((edit) => script.nodes[edit % script.nodes.length] === node);
        const file = isChanged ? { mode: 0o100755, content: `new ${node}` } : held;
        if (isChanged) contents.set(node, { mode: file.mode, oid: git.blobOf(file.content) });
        committed.set(path, file);
      }

      git.asked.length = 0;
      const listings = committedListings(view, contents);
      expect(git.asked).toEqual([]);
      const commit = git.commit(committed);
      const truth = new BaseTree(commit, git);
      const derived = old.derive(commit, listings);
      for (const [path, entries] of listings) {
        const right = await truth.load(path);
        expect(entries.map(({ name, mode }) => [name, mode]).sort()).toEqual(
          [...(right ?? [])].map(([name, { mode }]) => [name, mode]).sort(),
        );
        for (const { name, oid } of entries) expect([null, right?.get(name)?.oid]).toContain(oid);
        known += 1;
      }
      if (loadAll) expect(listings.has('')).toBe(true);
      for (const path of new Set(
        [...committed.keys()].flatMap((one) => [one, one.split('/').slice(0, -1).join('/')]),
      )) {
        const right = await truth.load(path);
        const found = await derived.load(path);
        expect(found === null ? null : [...found.keys()]).toEqual(right === null ? null : [...right.keys()]);
        if (!listings.has(path)) expect(plain(found)).toEqual(plain(right));
      }
    }),
    { numRuns: 200 },
  );
  expect(known).toBeGreaterThan(200);
});

test('a directory that nobody touched keeps its id and needs no new commit to be opened; one whose files may all be gone is not guessed', async () => {
  const git = new MemoryGit();
  const file = { mode: 0o100644, content: 'x' };
  const old = new BaseTree(git.commit(new Map(['a/one', 'b/two', 'c/three'].map((path) => [path, file]))), git);
  const tree = new MoveTree(epoch);
  const view = new TreeView(tree.places, old, () => undefined);
  const { root } = tree.places;
  tree.apply([{ replica: 1, seq: 1, time: 1, node: `${root}a`, parent: root, name: 'moved' }]);
  await old.load('');
  const listings = committedListings(view, new Map());
  expect([...listings.keys()]).toEqual(['']);
  git.asked.length = 0;
  const derived = old.derive('f'.repeat(40), listings);
  expect([...(await derived.load('moved'))!.keys()]).toEqual(['one']);
  expect(git.asked).toHaveLength(1);

  tree.apply([{ replica: 1, seq: 2, time: 2, node: `${root}b/two`, parent: root, name: 'two' }]);
  expect(committedListings(view, new Map()).has('')).toBe(false);
  await old.load('b');
  expect(
    committedListings(view, new Map())
      .get('')
      ?.map(({ name }) => name),
  ).toEqual(['c', 'moved', 'two']);
});
