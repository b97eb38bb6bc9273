import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { baseNode } from '../../src/live/ids.js';
import type { NodeId } from '../../src/live/ids.js';
import { MoveTree } from '../../src/live/move-tree.js';
import type { Place, ReadonlyPlaces, TreeMove } from '../../src/live/places.js';
import { SlowTree } from './support/slow-tree.js';
import { TreeScript, epoch, files, step } from './support/tree-script.js';

const scripts = fc.record({
  base: files,
  replicas: fc.integer({ min: 2, max: 5 }),
  steps: fc.array(step, { maxLength: 60, size: 'max' }),
});

/** Everything that can be read of places, as plain data. */
function read(places: ReadonlyPlaces, nodes: readonly NodeId[]): unknown {
  const directories = [...nodes, baseNode(epoch, 'elsewhere')];
  return {
    places: nodes.map((node) => plain(places.place(node))),
    touched: [...places.touched()].sort(),
    removed: [...places.removed()].sort(),
    children: directories.map((node) => [...places.children(node)].sort()),
    named: directories.map((node) =>
      [...places.names(node)].sort().map((name) => [name, ...[...places.named(node, name)].sort()]),
    ),
    touchedIn: directories.map((node) => [...places.touchedIn(node)].sort()),
  };
}

/** The same, by the slow tree. */
function expected(slow: SlowTree, nodes: readonly NodeId[]): unknown {
  const directories = [...nodes, baseNode(epoch, 'elsewhere')];
  const touched = [...slow.places].filter(([, { replica }]) => replica > 0);
  const inside = (directory: NodeId | null): [NodeId, Place][] =>
    touched.filter(([, { parent }]) => parent === directory);
  const homeOf = (node: NodeId): string[] => {
    const path = node.startsWith(slow.root) ? node.slice(slow.root.length) : '';
    return path === '' ? [] : [baseNode(epoch, path.split('/').slice(0, -1).join('/')), path.split('/').at(-1) ?? ''];
  };
  return {
    places: nodes.map((node) => plain(slow.places.get(node))),
    touched: touched.map(([node]) => node).sort(),
    removed: inside(null)
      .map(([node]) => node)
      .sort(),
    children: directories.map((directory) =>
      inside(directory)
        .map(([node]) => node)
        .sort(),
    ),
    named: directories.map((directory) => {
      const names = [...new Set(inside(directory).map(([, { name }]) => name))].sort();
      const named = (name: string): NodeId[] =>
        inside(directory)
          .filter(([, place]) => place.name === name)
          .map(([node]) => node);
      return names.map((name) => [name, ...named(name).sort()]);
    }),
    touchedIn: directories.map((directory) => {
      return touched.flatMap(([node]) => (homeOf(node)[0] === directory ? [homeOf(node)[1]] : [])).sort();
    }),
  };
}

function plain(place: Place | undefined): unknown {
  return place && [place.parent, place.name, place.time, place.replica];
}

/** A tree whose base holds all the entries that a script begins with, also those that no base has: places do not know the difference. */
function slowTree(script: TreeScript, start: readonly NodeId[], moves: Iterable<TreeMove>): SlowTree {
  const paths = start.map((node) => node.slice(baseNode(epoch, '').length)).filter((path) => path !== '');
  const leaves = paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
  return new SlowTree(
    epoch,
    new Map(leaves.map((path) => [path, { mode: 0o100644, content: '' }])),
    script.made,
    moves,
  );
}

test('after every step the tree is what a replay of all moves from the beginning makes it, and it says what changed', () => {
  fc.assert(
    fc.property(scripts, ({ base, replicas, steps }) => {
      const script = new TreeScript(replicas, base);
      const start = [...script.nodes];
      const trees = new Map(script.peers.map((peer) => [peer, new MoveTree(epoch)]));
      for (const step of steps) {
        script.play(step, (peer, batch) => {
          const tree = trees.get(peer)!;
          const nodes = script.nodes;
          const before = nodes.map((node) => plain(tree.places.place(node)));
          const changes = tree.apply(batch);
          const slow = slowTree(script, start, peer.known);
          expect(read(tree.places, nodes)).toEqual(expected(slow, nodes));
          const after = nodes.map((node) => plain(slow.places.get(node)));
          const changed = nodes.flatMap((node, at) =>
            JSON.stringify(before[at]) === JSON.stringify(after[at]) ? [] : [[node, before[at], after[at]]],
          );
          expect(sorted(changes.map((one) => [one.node, plain(one.before), plain(one.after)]))).toEqual(
            sorted(changed),
          );
        });
      }
    }),
    { numRuns: 400 },
  );
});

test('whatever the order, the batches and the repetitions, the same moves make the same tree, and nothing lies in itself', () => {
  fc.assert(
    fc.property(scripts, fc.infiniteStream(fc.nat()), ({ base, replicas, steps }, numbers) => {
      const script = new TreeScript(replicas, base);
      for (const step of steps) script.play(step, () => undefined);
      const moves = script.all();
      const number = (below: number): number => (numbers.next().value as number) % below;
      const results = [1, 2, 3].map(() => {
        const tree = new MoveTree(epoch);
        const queue = [...moves, ...moves.slice(0, moves.length / 3)];
        for (let at = queue.length - 1; at > 0; at -= 1) {
          const other = number(at + 1);
          [queue[at], queue[other]] = [queue[other]!, queue[at]!];
        }
        while (queue.length > 0) tree.apply(queue.splice(0, 1 + number(9)));
        expect(tree.logged).toBe(moves.length);
        return tree;
      });
      for (const tree of results) {
        expect(read(tree.places, script.nodes)).toEqual(read(results[0]!.places, script.nodes));
        for (const node of script.nodes) expectNoCircle(tree.places, node);
      }
    }),
    { numRuns: 200 },
  );
});

test('what everybody has can be cut off the log: nothing comes out differently for it', () => {
  fc.assert(
    fc.property(
      scripts,
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.nat(),
      ({ base, replicas, steps }, later, cut) => {
        const script = new TreeScript(replicas, base);
        const [whole, truncated] = [new MoveTree(epoch), new MoveTree(epoch)];
        for (const step of steps) script.play(step, () => undefined);
        const moves = script.all();
        for (const tree of [whole, truncated]) tree.apply(moves);
        const time = Math.max(0, ...script.peers.map((peer) => peer.time));
        const floor = { time: cut % (time + 1), replica: 0 };
        truncated.truncate(floor);
        truncated.truncate({ time: 0, replica: 0 });
        for (const peer of script.peers) peer.time = time;
        const known = new Set(moves);
        for (const step of later) {
          script.play(step, (_, batch) => {
            const fresh = batch.filter((move) => move.time >= floor.time);
            const changes = [whole, truncated].map((tree) => tree.apply(fresh));
            for (const move of batch) known.add(move);
            expect(changes[1]).toEqual(changes[0]);
          });
        }
        expect(read(truncated.places, script.nodes)).toEqual(read(whole.places, script.nodes));
        expect(truncated.logged).toBe([...known].filter((move) => move.time >= floor.time).length);
        const some = (move: { replica: number; seq: number; time?: number }): boolean =>
          (move.time ?? 0) < floor.time || move.seq % 2 === 0;
        expect(
          read(
            truncated.at((move) => some(move)),
            script.nodes,
          ),
        ).toEqual(
          read(
            whole.at((move) => some(move)),
            script.nodes,
          ),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('a move older than what was cut off is refused, and nothing is done', () => {
  const tree = new MoveTree(epoch);
  const move = (time: number, node: string): TreeMove => ({
    replica: 1,
    seq: time,
    time,
    node: baseNode(epoch, node),
    parent: null,
    name: node,
  });
  tree.apply([move(1, 'a'), move(5, 'b')]);
  tree.truncate({ time: 4, replica: 0 });
  expect(() => tree.apply([move(9, 'd'), move(3, 'c')])).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
  expect([...tree.places.removed()]).toEqual([baseNode(epoch, 'a'), baseNode(epoch, 'b')]);
});

test("the tree as it was at a version is a replay of that version's moves, and the tree itself stays as it is", () => {
  fc.assert(
    fc.property(
      scripts,
      fc.array(fc.nat({ max: 20 }), { minLength: 5, maxLength: 5 }),
      ({ base, replicas, steps }, upTo) => {
        const script = new TreeScript(replicas, base);
        const start = [...script.nodes];
        for (const step of steps) script.play(step, () => undefined);
        const tree = new MoveTree(epoch);
        tree.apply(script.all());
        const before = read(tree.places, script.nodes);
        const includes = ({ replica, seq }: { replica: number; seq: number }): boolean =>
          seq <= (upTo[replica - 1] ?? 0);
        const slow = slowTree(script, start, script.all().filter(includes));
        expect(read(tree.at(includes), script.nodes)).toEqual(expected(slow, script.nodes));
        expect(read(tree.places, script.nodes)).toEqual(before);
      },
    ),
    { numRuns: 200 },
  );
});

test('a base entry that nobody touched has its place by its id, and costs nothing', () => {
  const tree = new MoveTree(epoch);
  const node = baseNode(epoch, 'some/deep/file');
  expect(tree.places.place(node)).toEqual({ parent: baseNode(epoch, 'some/deep'), name: 'file', time: 0, replica: 0 });
  expect(tree.places.isTethered(node)).toBe(true);
  const into = (parent: string): TreeMove => ({
    replica: 1,
    seq: 1,
    time: 1,
    node: baseNode(epoch, 'some'),
    parent: baseNode(epoch, parent),
    name: 'x',
  });
  expect(tree.apply([into('some/deep')])).toEqual([]);
  expect([...tree.places.touched()]).toEqual([]);
  tree.apply([{ ...into('other'), time: 2, seq: 2 }]);
  expect([...tree.places.touched()]).toHaveLength(1);
  expect(tree.places.place(node)?.parent).toBe(baseNode(epoch, 'some/deep'));
  expect(tree.places.isTethered(node)).toBe(true);
});

test('the root stays, and an entry of another epoch is nowhere until it is given a place', () => {
  const tree = new MoveTree(epoch);
  const { root } = tree.places;
  expect(tree.apply([{ replica: 1, seq: 1, time: 1, node: root, parent: null, name: 'x' }])).toEqual([]);
  expect(tree.places.place(root)).toBeUndefined();
  const former = baseNode({ time: 1, replica: 7 }, 'a');
  expect(tree.places.place(former)).toBeUndefined();
  expect(tree.places.isTethered(former)).toBe(false);
  tree.apply([{ replica: 1, seq: 2, time: 2, node: former, parent: root, name: 'a' }]);
  expect(tree.places.isTethered(former)).toBe(true);
});

function expectNoCircle(places: ReadonlyPlaces, node: NodeId): void {
  const seen = new Set<NodeId>();
  for (let at: NodeId | null | undefined = node; typeof at === 'string'; at = places.place(at)?.parent) {
    expect(seen.has(at)).toBe(false);
    seen.add(at);
  }
}

function sorted(changes: readonly unknown[]): string[] {
  return changes.map((change) => JSON.stringify(change)).sort();
}
