import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apply, recoverApply, type ApplyOutcome, type ApplyRequest } from '../../src/contexts/apply.js';
import { PinnedTree } from '../../src/contexts/pinned-tree.js';
import { layer, makeLayer, type Layer, type LayerNode } from './layers.js';
import { materialize, viewOf } from './trees.js';

const file = (content: string, mode = 0o644): LayerNode => ({ kind: 'file', content, mode });
const whiteout: LayerNode = { kind: 'whiteout' };

describe('apply', () => {
  let root = '';
  let number = 0;
  beforeAll(() => (root = mkdtempSync(`${tmpdir()}/mizer-apply-test-`)));
  afterAll(() => rmSync(root, { recursive: true }));

  /** A base, a context on it, and a host view that is as the base was. */
  function world(base: Layer, upper: Layer): ApplyRequest {
    number += 1;
    const home = `${root}/${number}`;
    makeLayer(`${home}/base`, base);
    makeLayer(`${home}/upper`, upper);
    materialize([`${home}/base`], `${home}/host`);
    const places = {
      layers: [`${home}/base`],
      upper: `${home}/upper`,
      target: `${home}/host`,
      staging: `${home}/staging`,
    };
    return { ...places, paths: [], dryRun: false, merge: false };
  }
  const summary = ({ written }: ApplyOutcome): string[] => written.map(({ path, kind }) => `${kind} ${path}`);
  const leftovers = ({ staging }: ApplyRequest): string[] => (existsSync(staging) ? readdirSync(staging) : []);

  test('an untouched host view becomes what the context shows (random trees)', async () => {
    const trees = fc.sample(fc.tuple(layer, layer), { numRuns: 150, seed: 5 });
    for (const [base, upper] of trees) {
      const request = world(base, upper);
      const outcome = await apply(request);
      expect(outcome.conflicts).toEqual([]);
      materialize([request.upper, ...request.layers], `${request.target}-wanted`);
      expect(viewOf(request.target)).toEqual(viewOf(`${request.target}-wanted`));
      expect(leftovers(request)).toEqual([]);
      // Everything is the same on both sides now.
      const again = await apply(request);
      expect({ written: again.written, conflicts: again.conflicts }).toEqual({ written: [], conflicts: [] });
    }
  });

  test('with a conflict nothing at all is written, and otherwise what only the host changed stays (random trees)', async () => {
    const trees = fc.sample(fc.tuple(layer, layer, layer), { numRuns: 150, seed: 6 });
    let conflicting = 0;
    for (const [base, upper, edits] of trees) {
      const request = world(base, upper);
      makeLayer(`${request.target}-edits`, edits);
      rmSync(request.target, { recursive: true });
      materialize([`${request.target}-edits`, ...request.layers], request.target);
      const before = viewOf(request.target);
      const tried = await apply({ ...request, dryRun: true });
      expect(viewOf(request.target)).toEqual(before);
      const outcome = await apply(request);
      expect(outcome).toEqual(tried);
      const written = new Set(outcome.written.map(({ path }) => path));
      const untold = [...new Set([...before.keys(), ...viewOf(request.target).keys()])].filter(
        (path) => !written.has(path),
      );
      const kept = viewOf(request.target);
      expect(untold.map((path) => [path, kept.get(path)])).toEqual(untold.map((path) => [path, before.get(path)]));
      conflicting += outcome.conflicts.length > 0 ? 1 : 0;
      expect(outcome.conflicts.length > 0 && outcome.written.length > 0).toBe(false);
    }
    expect(conflicting).toBeGreaterThan(20);
    expect(conflicting).toBeLessThan(130);
  });

  test('says what it wrote, and a dry run says the same and writes nothing', async () => {
    const request = world(
      [
        ['m', file('1')],
        ['d/x', file('1')],
        ['r', file('1')],
        ['bits', file('1')],
      ],
      [
        ['m', file('22')],
        ['d', whiteout],
        ['r/n', file('1')],
        ['bits', file('1', 0o755)],
        ['new', { kind: 'symlink', target: 'm' }],
      ],
    );
    const before = viewOf(request.target);
    const dry = await apply({ ...request, dryRun: true });
    expect(viewOf(request.target)).toEqual(before);
    expect(summary(dry)).toEqual([
      'mode bits',
      'deleted d',
      'deleted d/x',
      'modified m',
      'added new',
      'retyped r',
      'added r/n',
    ]);
    expect(dry.written[3]).toEqual({
      path: 'm',
      kind: 'modified',
      before: { kind: 'file', mode: 0o644, size: 1 },
      after: { kind: 'file', mode: 0o644, size: 2 },
    });
    expect(await apply(request)).toEqual(dry);
  });

  test('takes only the paths asked for, and leaves out what git ignores', async () => {
    const request = world(
      [
        ['a/f', file('1')],
        ['b', file('1')],
      ],
      [
        ['a/f', file('2')],
        ['b', file('2')],
        ['a/f.o', file('2')],
      ],
    );
    const ignored = (): Promise<Set<string>> => Promise.resolve(new Set(['a/f.o']));
    expect(summary(await apply({ ...request, paths: ['a'], ignored }))).toEqual(['modified a/f']);
    expect(summary(await apply({ ...request, ignored }))).toEqual(['modified b']);
    expect(summary(await apply(request))).toEqual(['added a/f.o']);
  });

  test('never goes through a link that stands in for a directory in the host view', async () => {
    const request = world(
      [['d/f', file('1')]],
      [
        ['d/f', file('2')],
        ['d/new', file('2')],
      ],
    );
    const outside = `${request.target}-outside`;
    mkdirSync(outside);
    writeFileSync(`${outside}/f`, '1');
    rmSync(`${request.target}/d`, { recursive: true });
    symlinkSync(outside, `${request.target}/d`);
    expect((await apply(request)).conflicts).toEqual([
      { path: 'd/f', reason: 'blocked' },
      { path: 'd/new', reason: 'blocked' },
    ]);
    expect(viewOf(outside)).toEqual(new Map([['f', 'file 644 1']]));
    const tree = new PinnedTree(request.target);
    expect(() => tree.at('d/f')).toThrow(/ENOTDIR|ELOOP/);
    expect(tree.stat('d/f')).toBeUndefined();
    expect(tree.stat('d')?.isSymbolicLink()).toBe(true);
    tree.close();
  });

  test('leaves every .git alone', async () => {
    const request = world(
      [
        ['sub/f', file('1')],
        ['top', file('1')],
      ],
      [
        ['.git', file('gitdir: elsewhere')],
        ['sub', whiteout],
        ['new/.git/HEAD', file('x')],
        ['new/f', file('1')],
        ['top', file('2')],
      ],
    );
    mkdirSync(`${request.target}/.git`);
    mkdirSync(`${request.target}/sub/.git`);
    await apply(request);
    const view = viewOf(request.target);
    expect([...view.keys()]).toEqual(['.git', 'new', 'new/f', 'sub', 'sub/.git', 'top']);
    expect(view.get('.git')).toMatch(/^directory/);
  });

  test('merges texts that both sides changed when asked to, and writes nothing if one of them conflicts', async () => {
    const text = (first: string, last: string): string => `${first}\n2\n3\n4\n5\n6\n${last}\n`;
    const request = world(
      [
        ['clean\xff', file(text('1', '7'))],
        ['clash', file(text('1', '7'))],
        ['binary', file('a\0b')],
        ['only', file('1')],
      ],
      [
        ['clean\xff', file(text('1', 'T'), 0o755)],
        ['clash', file(text('T', '7'))],
        ['binary', file('a\0T')],
        ['only', file('T')],
      ],
    );
    writeFileSync(Buffer.from(`${request.target}/clean\xff`, 'latin1'), text('O', '7'));
    writeFileSync(`${request.target}/clash`, text('O', '7'));
    writeFileSync(`${request.target}/binary`, 'a\0O');
    const before = viewOf(request.target);
    expect((await apply(request)).conflicts.map(({ reason }) => reason)).toEqual([
      'both-changed',
      'both-changed',
      'both-changed',
    ]);
    expect(await apply({ ...request, merge: true })).toMatchObject({
      written: [],
      conflicts: [
        { path: 'binary', reason: 'merge-failed' },
        { path: 'clash', reason: 'merge-failed' },
      ],
    });
    expect(viewOf(request.target)).toEqual(before);
    const outcome = await apply({ ...request, merge: true, paths: ['clean\xff', 'only'] });
    expect(outcome.merged).toEqual(['clean\xff']);
    expect(outcome.written.map(({ after }) => after?.size)).toEqual([text('O', 'T').length, 1]);
    const after = viewOf(request.target);
    expect(after.get('clean\xff')).toBe(`file 755 ${text('O', 'T')}`);
    expect(after.get('only')).toBe('file 644 T');
  });

  const meddle: Record<string, (target: string) => void> = {
    'an edit': (target) => writeFileSync(`${target}/z`, '9'),
    'a new file where one is to be put': (target) => writeFileSync(`${target}/z-new`, '9'),
    'a new file in a directory that is to go': (target) => writeFileSync(`${target}/x/more`, '9'),
    'a deleted file': (target) => rmSync(`${target}/z`),
    'other bits': (target) => chmodSync(`${target}/z`, 0o600),
    'a link in place of a parent': (target) => {
      rmSync(`${target}/y`, { recursive: true });
      symlinkSync('/nowhere', `${target}/y`);
    },
  };
  test.each(Object.entries(meddle))(
    '%s in the host view after the look stops it, and all is put back',
    async (_, change) => {
      const request = world(
        [
          ['a', file('1')],
          ['b', file('1')],
          ['bits', file('1')],
          ['r/x', file('1')],
          ['x/x', file('1')],
          ['y/y', file('1')],
          ['z', file('1')],
        ],
        [
          ['a', file('2')],
          ['b', whiteout],
          ['bits', file('1', 0o755)],
          ['n/n', file('2')],
          ['r', file('2')],
          ['x', whiteout],
          ['y/y', file('2')],
          ['z', file('2')],
          ['z-new', file('2')],
        ],
      );
      // Everything is looked at and staged before the first turn of the event loop: the flush is awaited then.
      const applying = apply(request);
      const changed = new Promise<Map<string, string>>((resolve) => {
        setImmediate(() => {
          change(request.target);
          resolve(viewOf(request.target));
        });
      });
      await expect(applying).rejects.toMatchObject({ code: 'E_HOST_CHANGED' });
      expect(viewOf(request.target)).toEqual(await changed);
      expect(leftovers(request)).toEqual([]);
    },
  );

  test('a file that goes on changing in the context stops it before anything is written', async () => {
    const request = world(
      [['a', file('1')]],
      [
        ['a', file('2')],
        ['big', file('2')],
      ],
    );
    const big = `${request.upper}/big`;
    writeFileSync(big, Buffer.alloc(40_000_000, 'x'));
    const before = viewOf(request.target);
    const applying = apply(request);
    setImmediate(() => writeFileSync(big, 'changed'));
    await expect(applying).rejects.toMatchObject({ code: 'E_CONTEXT_CHANGED' });
    expect(viewOf(request.target)).toEqual(before);
  });

  test('what is put is newer than all the host built before, in the order it had in the context', async () => {
    const request = world(
      [
        ['f.c', file('1')],
        ['f.o', file('1')],
      ],
      [
        ['f.c', file('2')],
        ['f.o', file('2')],
        ['same', file('2')],
      ],
    );
    for (const [name, seconds] of [
      ['f.c', 1000],
      ['f.o', 2000],
      ['same', 1000],
    ] as const) {
      utimesSync(`${request.upper}/${name}`, seconds, seconds);
    }
    writeFileSync(`${request.target}/built-by-the-host`, '');
    await apply(request);
    const time = (name: string): bigint => lstatSync(`${request.target}/${name}`, { bigint: true }).mtimeNs;
    expect(time('f.o')).toBeGreaterThan(time('f.c'));
    expect(time('same')).toBe(time('f.c'));
    expect(time('f.c') + 20_000_000n).toBeGreaterThan(time('built-by-the-host'));
  });

  test('directories that are closed to writing arrive with what is in them', async () => {
    const request = world(
      [['was/f', file('1')]],
      [
        ['closed/f', file('1')],
        ['was/f', file('2')],
      ],
    );
    chmodSync(`${request.upper}/closed`, 0o555);
    chmodSync(`${request.upper}/was`, 0o555);
    await apply(request);
    expect([...viewOf(request.target)]).toEqual([
      ['closed', 'directory 555'],
      ['closed/f', 'file 644 1'],
      ['was', 'directory 555'],
      ['was/f', 'file 644 2'],
    ]);
    for (const name of ['was', 'closed'])
      for (const tree of [request.target, request.upper]) chmodSync(`${tree}/${name}`, 0o755);
  });

  test('both names of a hard linked file are replaced', async () => {
    const request = world(
      [
        ['a', file('1')],
        ['b', file('1')],
      ],
      [
        ['a', file('2')],
        ['b', file('3')],
      ],
    );
    rmSync(`${request.target}/b`);
    linkSync(`${request.target}/a`, `${request.target}/b`);
    await apply(request);
    expect([...viewOf(request.target).values()]).toEqual(['file 644 2', 'file 644 3']);
  });

  test('a socket of the context is left out', async () => {
    const request = world([], [['f', file('1')]]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${request.upper}/s`, resolve));
    expect(summary(await apply(request))).toEqual(['added f']);
    await new Promise((resolve) => server.close(resolve));
  });

  test('nothing to recover costs nothing and is no error', async () => {
    expect(await recoverApply(`${root}/none`)).toEqual({ rolledBack: [], left: [] });
  });
});
