import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plan, sameNode, type Node, type PathState, type Plan } from '../../src/model/three-way.js';
import { isWithin, parentOf, type TreePath } from '../../src/model/tree-path.js';

type Tree = Map<TreePath, Node>;

const file = (content: string, mode = 0o644): Node => ({ kind: 'file', mode, content });
const directory = (mode = 0o755): Node => ({ kind: 'directory', mode, content: '' });
const link = (content: string): Node => ({ kind: 'symlink', mode: 0o777, content });

const paths = ['a', 'b', 'c'].flatMap((x) => [
  x,
  ...['a', 'b'].flatMap((y) => [`${x}/${y}`, `${x}/${y}/a`, `${x}/${y}/b`]),
]);
const node: fc.Arbitrary<Node> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('1', '2', '3'), fc.constantFrom(0o644, 0o755)).map(([c, m]) => file(c, m)),
  },
  { weight: 3, arbitrary: fc.constantFrom(0o755, 0o755, 0o700, 0o555).map(directory) },
  { weight: 1, arbitrary: fc.constantFrom('x', 'y').map(link) },
);
const edits = fc.array(fc.tuple(fc.constantFrom(...paths), fc.option(node, { nil: undefined, freq: 4 })), {
  maxLength: 10,
});
type Edits = readonly (readonly [TreePath, Node | undefined])[];

function below(tree: Tree, path: TreePath): TreePath[] {
  return [...tree.keys()].filter((other) => other !== path && isWithin(other, path));
}

/** A tree with edits made to it; parents are made, what was below a replaced directory goes. */
function edited(tree: Tree, made: Edits): Tree {
  const result = new Map(tree);
  const put = (path: TreePath, value: Node): void => {
    const parent = parentOf(path);
    if (parent !== '' && result.get(parent)?.kind !== 'directory') put(parent, directory());
    if (value.kind !== 'directory') for (const gone of below(result, path)) result.delete(gone);
    result.set(path, value);
  };
  for (const [path, value] of made) {
    if (value !== undefined) put(path, value);
    else for (const gone of [path, ...below(result, path)]) result.delete(gone);
  }
  return result;
}

function childNames(tree: Tree, path: TreePath): string[] {
  return [...tree.keys()]
    .filter((other) => other !== path && parentOf(other) === path)
    .map((other) => other.slice(other.lastIndexOf('/') + 1));
}

/** What an apply would look up: every changed path and its parents. */
function statesOf(base: Tree, ours: Tree, theirs: Tree): PathState[] {
  const wanted = new Set<TreePath>();
  for (const path of new Set([...base.keys(), ...theirs.keys()])) {
    if (sameNode(base.get(path), theirs.get(path))) continue;
    for (let at = path; at !== ''; at = parentOf(at)) wanted.add(at);
  }
  return [...wanted].map((path) => ({
    path,
    base: base.get(path),
    ours: ours.get(path),
    theirs: theirs.get(path),
    names: ours.get(path)?.kind === 'directory' ? childNames(ours, path) : [],
  }));
}

/** Carries out a plan as strictly as a file system would; `refused` says which steps it would not have allowed. */
function carriedOut(target: Tree, theirs: Tree, made: Plan): { readonly tree: Tree; readonly refused: string[] } {
  const tree = new Map(target);
  const refused: string[] = [];
  for (const step of made.steps) {
    const there = tree.get(step.path);
    const parent = parentOf(step.path);
    const isDirectory = there?.kind === 'directory';
    let allowed = parent === '' || tree.get(parent)?.kind === 'directory';
    if (step.op === 'remove' || step.op === 'remove-directory') {
      allowed &&= there !== undefined && isDirectory === (step.op === 'remove-directory');
      allowed &&= below(tree, step.path).length === 0;
      tree.delete(step.path);
    } else if (step.op === 'make-directory') {
      allowed &&= there === undefined;
      tree.set(step.path, directory(step.mode));
    } else if (step.op === 'chmod') {
      allowed &&= there !== undefined;
      tree.set(step.path, { ...(there ?? file('')), mode: step.mode });
    } else {
      allowed &&= step.replaces === (there !== undefined) && !isDirectory;
      const source = theirs.get(step.path) ?? file('');
      tree.set(step.path, { ...source, mode: step.mode, ...(step.content === 'merge' ? { content: 'merged' } : {}) });
    }
    if (!allowed) refused.push(`${step.op} ${step.path}`);
  }
  return { tree, refused };
}

function treeOf(entries: Record<string, Node>): Tree {
  return new Map(Object.entries(entries));
}

function planOf(base: Tree, ours: Tree, theirs: Tree, merge = false): Plan {
  return plan(statesOf(base, ours, theirs), merge);
}

describe('three-way plans', () => {
  const three = fc.record({ start: edits, here: edits, there: edits });

  test('whatever the host left as it was becomes what the context has, whenever there is no conflict', () => {
    fc.assert(
      fc.property(three, ({ start, here, there }) => {
        const base = edited(new Map(), start);
        const ours = edited(base, here);
        const theirs = edited(base, there);
        const made = planOf(base, ours, theirs);
        if (made.conflicts.length > 0) return;
        const { tree, refused } = carriedOut(ours, theirs, made);
        const wrong = paths.filter((path) => {
          const untouchedByContext = sameNode(base.get(path), theirs.get(path));
          const untouchedByHost = sameNode(base.get(path), ours.get(path));
          // A parent that the host lacks is made for what the context put below it; one that holds the host's own additions stays.
          const madeAsParent = !ours.has(path) && theirs.get(path)?.kind === 'directory';
          const keptAsParent = !theirs.has(path) && below(tree, path).length > 0;
          if (madeAsParent || keptAsParent || (!untouchedByContext && !untouchedByHost)) return false;
          return !sameNode(tree.get(path), untouchedByContext ? ours.get(path) : theirs.get(path));
        });
        expect({ wrong, refused }).toEqual({ wrong: [], refused: [] });
      }),
      { numRuns: 4000 },
    );
  });

  test('a change on one side only never conflicts, and the context arrives whole', () => {
    fc.assert(
      fc.property(edits, edits, (start, there) => {
        const base = edited(new Map(), start);
        const theirs = edited(base, there);
        const arrived = planOf(base, base, theirs);
        expect(arrived.conflicts).toEqual([]);
        expect(carriedOut(base, theirs, arrived)).toEqual({ tree: theirs, refused: [] });
        expect(planOf(base, theirs, base)).toEqual({ steps: [], conflicts: [], same: 0 });
        const again = planOf(base, theirs, theirs);
        expect({ steps: again.steps, conflicts: again.conflicts }).toEqual({ steps: [], conflicts: [] });
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing that the context did not know or did not delete is ever removed or overwritten', () => {
    fc.assert(
      fc.property(three, fc.boolean(), ({ start, here, there }, merge) => {
        const base = edited(new Map(), start);
        const ours = edited(base, here);
        const theirs = edited(base, there);
        const lost = planOf(base, ours, theirs, merge).steps.filter((step) => {
          const before = ours.get(step.path);
          const known = base.get(step.path);
          if (step.op === 'remove' || step.op === 'remove-directory') return !sameNode(before, known);
          if (step.op !== 'put' || step.content !== 'theirs' || !step.replaces) return false;
          return before?.kind !== known?.kind || before?.content !== known?.content;
        });
        expect(lost).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('every conflict names a path at, above or below which both sides changed', () => {
    fc.assert(
      fc.property(three, ({ start, here, there }) => {
        const base = edited(new Map(), start);
        const ours = edited(base, here);
        const theirs = edited(base, there);
        const changed = (tree: Tree): TreePath[] => paths.filter((path) => !sameNode(base.get(path), tree.get(path)));
        const unfounded = planOf(base, ours, theirs).conflicts.filter(
          ({ path }) =>
            ![ours, theirs].every((side) => changed(side).some((one) => isWithin(one, path) || isWithin(path, one))),
        );
        expect(unfounded).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('bits changed on one side and content on the other combine', () => {
    const base = treeOf({ f: file('1') });
    expect(planOf(base, treeOf({ f: file('1', 0o755) }), treeOf({ f: file('2') })).steps).toEqual([
      { op: 'put', path: 'f', mode: 0o755, content: 'theirs', replaces: true },
    ]);
    expect(planOf(base, treeOf({ f: file('2') }), treeOf({ f: file('1', 0o755) })).steps).toEqual([
      { op: 'chmod', path: 'f', mode: 0o755 },
    ]);
  });

  test('content changed on both sides is a conflict, or a merge where that is asked for and all three are files', () => {
    const base = treeOf({ f: file('1'), l: link('1') });
    const ours = treeOf({ f: file('2'), l: link('2') });
    const theirs = treeOf({ f: file('3', 0o755), l: link('3') });
    expect(planOf(base, ours, theirs).conflicts).toEqual([
      { path: 'f', reason: 'both-changed' },
      { path: 'l', reason: 'both-changed' },
    ]);
    const merged = planOf(base, ours, theirs, true);
    expect(merged.conflicts).toEqual([{ path: 'l', reason: 'both-changed' }]);
    expect(merged.steps).toEqual([{ op: 'put', path: 'f', mode: 0o755, content: 'merge', replaces: true }]);
  });

  test('a deleted directory stays for what the host added, and only what the context deleted goes', () => {
    const base = treeOf({ d: directory(), 'd/old': file('1') });
    const ours = edited(base, [['d/mine', file('2')]]);
    const made = planOf(base, ours, new Map());
    expect(made).toEqual({ steps: [{ op: 'remove', path: 'd/old' }], conflicts: [], same: 0 });
  });

  test('what the host added below a directory that became a file is in the way, and is named', () => {
    const base = treeOf({ d: directory(), 'd/old': file('1') });
    const ours = edited(base, [['d/mine', file('2')]]);
    expect(planOf(base, ours, treeOf({ d: file('x') })).conflicts).toEqual([{ path: 'd/mine', reason: 'blocked' }]);
  });

  test('a parent that is a link in the host is in the way and is never gone through', () => {
    const base = treeOf({ d: directory(), 'd/f': file('1') });
    const ours = treeOf({ d: link('/etc') });
    const theirs = edited(base, [
      ['d/f', file('2')],
      ['d/new/x', file('3')],
    ]);
    const made = planOf(base, ours, theirs);
    expect(made.conflicts).toEqual([
      { path: 'd/f', reason: 'blocked' },
      { path: 'd/new', reason: 'blocked' },
    ]);
  });

  test('a directory the host deleted is made again for what the context added to it', () => {
    const base = treeOf({ d: directory(0o750), 'd/f': file('1') });
    const theirs = edited(base, [['d/new', file('2')]]);
    expect(planOf(base, new Map(), theirs)).toEqual({
      steps: [
        { op: 'make-directory', path: 'd', mode: 0o750 },
        { op: 'put', path: 'd/new', mode: 0o644, content: 'theirs', replaces: false },
      ],
      conflicts: [],
      same: 0,
    });
  });

  test('a directory that opens does so first, one that closes last', () => {
    const base = treeOf({ a: directory(0o555), 'a/f': file('1'), b: directory(), 'b/f': file('1') });
    const theirs = treeOf({ a: directory(), b: directory(0o555), 'b/f': file('2') });
    expect(planOf(base, base, theirs).steps.map(({ op, path }) => `${op} ${path}`)).toEqual([
      'chmod a',
      'remove a/f',
      'put b/f',
      'chmod b',
    ]);
  });

  test('a new socket is left out, one in place of a file is in the way', () => {
    const socket: Node = { kind: 'other', mode: 0o755, content: '' };
    const base = treeOf({ f: file('1') });
    expect(planOf(base, base, treeOf({ f: socket, s: socket }))).toEqual({
      steps: [],
      conflicts: [{ path: 'f', reason: 'blocked' }],
      same: 0,
    });
  });

  test('a name that sorts between a directory and its content does not disturb the order', () => {
    const base = treeOf({ 'a-b': file('1'), a: directory(), 'a/b': file('1') });
    const made = planOf(base, base, treeOf({ 'a-b': file('2') }));
    expect(made.steps.map(({ op, path }) => `${op} ${path}`)).toEqual(['remove a/b', 'remove-directory a', 'put a-b']);
  });
});
