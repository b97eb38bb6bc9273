import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import childProcess, { execFileSync } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { diff, type ContextDiff, type DiffRequest } from '../../src/contexts/diff.js';
import { walkIn } from '../../src/contexts/layer-stack.js';
import type { ChangeSet } from '../../src/model/change-set.js';
import { at, makeLayer, plainNode, treePath, type Layer, type LayerNode } from './layers.js';

const file = (content: string, mode = 0o644): LayerNode => ({ kind: 'file', content, mode });

/** Files and links of a stack, as git sees them. */
function gitView(layers: readonly string[]): Map<string, string> {
  const view = new Map<string, string>();
  for (const { entry, at } of walkIn(layers, '')) {
    if (entry.kind === 'symlink') view.set(entry.path, `link ${readlinkSync(at, 'latin1')}`);
    if (entry.kind !== 'file') continue;
    view.set(entry.path, `${(entry.mode & 0o100) === 0 ? 'plain' : 'executable'} ${readFileSync(at, 'latin1')}`);
  }
  return view;
}

describe('diff of a context', () => {
  let root = '';
  let number = 0;
  beforeAll(() => (root = mkdtempSync(`${tmpdir()}/mizer-diff-test-`)));
  afterAll(() => rmSync(root, { recursive: true }));

  function context(base: Layer, upper: Layer): { readonly layers: string[]; readonly upper: string } {
    number += 1;
    makeLayer(`${root}/${number}/base`, base);
    makeLayer(`${root}/${number}/upper`, upper);
    return { layers: [`${root}/${number}/base`], upper: `${root}/${number}/upper` };
  }
  const run = (where: Pick<DiffRequest, 'layers' | 'upper'>, more: Partial<DiffRequest> = {}): Promise<ContextDiff> =>
    diff({ paths: [], patch: false, ...where, ...more });
  const byPath = ({ changes, lines }: ContextDiff): Record<string, unknown> =>
    Object.fromEntries(changes.map(({ path, kind }, index) => [`${kind} ${path}`, lines[index]]));

  /** A copy of the base to which git applied the patch. */
  function applied(base: string, patch: Buffer): string {
    const copy = `${base}-patched`;
    execFileSync('cp', ['-a', base, copy]);
    // git knows no empty directories, and will not replace one by a file.
    execFileSync('find', [copy, '-mindepth', '1', '-type', 'd', '-empty', '-delete']);
    if (patch.length > 0) execFileSync('git', ['apply', '--whitespace=nowarn'], { cwd: copy, input: patch });
    return copy;
  }

  test('counts the lines of text files, and none where there are none', async () => {
    const made = context(
      [
        ['text', file('a\nb\nc\n')],
        ['bits', file('a\n')],
        ['gone', file('a\nb\n')],
        ['binary', file('a\0b')],
        ['link', { kind: 'symlink', target: 'text' }],
        ['was-file', file('1\n')],
        ['was-directory/x', file('1\n')],
      ],
      [
        ['text', file('a\nB\nc\nd\n')],
        ['bits', file('a\n', 0o755)],
        ['gone', { kind: 'whiteout' }],
        ['binary', file('a\0c')],
        ['link', { kind: 'symlink', target: 'gone' }],
        ['new\nname\xff\t"', file('no newline at end')],
        ['was-file/x', file('1\n2\n')],
        ['was-directory', file('1\n')],
        ['empty', file('')],
        ['directory', { kind: 'directory', opaque: false, mode: 0o755 }],
      ],
    );
    expect(byPath(await run(made))).toEqual({
      'modified text': { added: 2, deleted: 1 },
      'mode bits': { added: 0, deleted: 0 },
      'deleted gone': { added: 0, deleted: 2 },
      'modified binary': null,
      'modified link': { added: 1, deleted: 1 },
      'added new\nname\xff\t"': { added: 1, deleted: 0 },
      'retyped was-file': { added: 0, deleted: 1 },
      'added was-file/x': { added: 2, deleted: 0 },
      'retyped was-directory': { added: 1, deleted: 0 },
      'deleted was-directory/x': { added: 0, deleted: 1 },
      'added empty': { added: 0, deleted: 0 },
      'added directory': null,
    });
  });

  test('its patch, applied by git to the base, gives the context (random trees, binary files, names of any bytes)', async () => {
    const anyNode = fc.oneof(plainNode, fc.constantFrom(file('a\0b'), file('\xff\0\n'), { kind: 'whiteout' } as const));
    const trees = fc.sample(
      fc.tuple(
        fc.array(fc.tuple(treePath, plainNode), { maxLength: 12 }),
        fc.array(fc.tuple(treePath, anyNode), { maxLength: 12 }),
      ),
      { numRuns: 40, seed: 3 },
    );
    for (const [base, upper] of trees) {
      const made = context(base, upper);
      const { patch = Buffer.alloc(0) } = await run(made, { patch: true });
      const [below = ''] = made.layers;
      expect(gitView([applied(below, patch)])).toEqual(gitView([made.upper, below]));
    }
  });

  test('the patch looks like any of git', async () => {
    const made = context([['src/f.c', file('a\nb\n')]], [['src/f.c', file('a\nc\n')]]);
    const { patch } = await run(made, { patch: true });
    expect(patch?.toString().replace(/^index .*\n/m, '')).toBe(
      'diff --git a/src/f.c b/src/f.c\n--- a/src/f.c\n+++ b/src/f.c\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n',
    );
  });

  test('shows only the paths asked for, with the new directories they lie in', async () => {
    const made = context(
      [['a/old', file('1')]],
      [
        ['a/old', file('2')],
        ['n/d/f', file('1')],
        ['n/g', file('1')],
        ['b', file('1')],
      ],
    );
    const pathsOf = async (...paths: string[]): Promise<string[]> =>
      (await run(made, { paths })).changes.map(({ path }) => path);
    expect(await pathsOf('a')).toEqual(['a/old']);
    expect(await pathsOf('n/d/f')).toEqual(['n', 'n/d', 'n/d/f']);
    expect(await pathsOf('b', 'n/g')).toEqual(['b', 'n', 'n/g']);
    expect(await pathsOf('nowhere')).toEqual([]);
  });

  test('leaves out what git ignores, and directories that hold nothing else', async () => {
    const made = context(
      [
        ['was/a.o', file('1')],
        ['was/a.c', file('1')],
      ],
      [
        ['obj/a.o', file('1')],
        ['mixed/a.o', file('1')],
        ['mixed/a.c', file('1')],
        ['void', { kind: 'directory', opaque: false, mode: 0o755 }],
        ['was', { kind: 'whiteout' }],
      ],
    );
    const ignored = (changes: ChangeSet): Promise<Set<string>> =>
      Promise.resolve(new Set(changes.map(({ path }) => path).filter((path) => path.endsWith('.o'))));
    const { changes } = await run(made, { ignored });
    expect(changes.map(({ path }) => path)).toEqual(['mixed', 'mixed/a.c', 'void', 'was/a.c']);
  });

  test('a thousand files take a few processes, not a thousand', async () => {
    const made = context([], []);
    mkdirSync(`${made.upper}/d`);
    for (let index = 0; index < 1000; index += 1) writeFileSync(at(made.upper, `d/f${index}`), `${index}\n`);
    const spawned = vi.spyOn(childProcess, 'spawn');
    syncBuiltinESMExports();
    try {
      const { lines } = await run(made, { patch: true });
      expect(lines.filter((count) => count?.added === 1)).toHaveLength(1000);
      expect([spawned.mock.calls.length > 0, spawned.mock.calls.length < 10]).toEqual([true, true]);
    } finally {
      spawned.mockRestore();
      syncBuiltinESMExports();
    }
  });
});
