import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Entry, list, type ListOptions } from '../../src/observe/list.js';
import { all, loseObjects, recordedShadow, type ShadowWorld } from '../support/recorded-shadow.js';

const day = 86_400;
const start = 1_700_000_000;
let world: ShadowWorld;

beforeAll(() => {
  world = recordedShadow([
    { time: start, paths: { 'a/old': { size: 5 } } },
    {
      time: start + day,
      paths: {
        'a/old': { size: 5, mtime: -3 },
        'a/deep/er/file': { size: 2n ** 60n, mtime: 50 },
        'b/x': { size: 70, mtime: 9 },
        'b/link': { target: '../a' },
        plain: { size: 6, mtime: 7 },
        zoo: { kind: 'bundle', name: 'zoo', mtime: 4, totals: { dirs: 2, files: 30, links: 1, others: 2, size: 900n } },
        repo: {
          kind: 'submodule',
          name: 'repo',
          mtime: 4,
          totals: { dirs: 2, files: 3, links: 0, others: 0, size: 10n },
          commit: '460621bc552cb53c75ac9e86d37fccf5ced88127',
        },
        'odd \u00ff\n"name': { size: 1, mtime: 1 },
      },
    },
  ]);
});
afterAll(() => world.remove());

async function listed(options: ListOptions): Promise<readonly Entry[]> {
  const { entries } = await list(world.shadow, options);
  return all(entries);
}

async function paths(options: ListOptions): Promise<readonly string[]> {
  return (await listed(options)).map(({ path }) => path);
}
describe('a listing', () => {
  test('is what was asked for, and below it what lies in it by bytes of names', async () => {
    expect(await paths({})).toEqual(['', 'a', 'b', 'odd \u00ff\n"name', 'plain', 'repo', 'zoo']);
    expect(await paths({ path: 'b' })).toEqual(['b', 'b/link', 'b/x']);
    expect(await paths({ path: 'plain' })).toEqual(['plain']);
    expect(await paths({ depth: 0 })).toEqual(['']);
  });

  test('goes as deep as it is told, each directory followed by its own', async () => {
    expect(await paths({ path: 'a', depth: 2 })).toEqual(['a', 'a/deep', 'a/deep/er', 'a/old']);
    expect(await paths({ path: 'a', depth: Infinity })).toEqual([
      'a',
      'a/deep',
      'a/deep/er',
      'a/deep/er/file',
      'a/old',
    ]);
  });

  test('has the greatest or the newest first when told so', async () => {
    expect(await paths({ sort: 'size' })).toEqual(['', 'a', 'zoo', 'b', 'repo', 'plain', 'odd \u00ff\n"name']);
    expect(await paths({ path: 'b', sort: 'mtime' })).toEqual(['b', 'b/x', 'b/link']);
    expect(await paths({ path: 'a', depth: 9, sort: 'mtime' })).toEqual([
      'a',
      'a/deep',
      'a/deep/er',
      'a/deep/er/file',
      'a/old',
    ]);
  });

  test('tells what each entry is, with whole sizes however great, times before 1970, and totals of directories', async () => {
    const found = new Map((await listed({ depth: Infinity })).map((entry) => [entry.path, entry]));
    expect(found.get('a/deep')).toMatchObject({ kind: 'directory', totals: { dirs: 2, files: 1, size: 2n ** 60n } });
    expect(found.get('a/old')).toMatchObject({ kind: 'file', mtime: -3, totals: { files: 1, size: 5n } });
    expect(found.get('b/link')).toMatchObject({ kind: 'link', target: '../a', totals: { links: 1, size: 0n } });
    expect(found.get('zoo')).toMatchObject({ kind: 'bundle', totals: { files: 30, others: 2 } });
    expect(found.get('repo')).toMatchObject({ kind: 'repository', head: '460621bc552cb53c75ac9e86d37fccf5ced88127' });
    expect(found.get('')?.totals.size).toBe(2n ** 60n + 5n + 70n + 6n + 900n + 10n + 1n);
  });

  test('at another time is what was there then', async () => {
    const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
    expect(await paths({ at: at(start + day - 1), depth: 2 })).toEqual(['', 'a', 'a/old']);
    expect(await paths({ at: 'master-stat~1', depth: 2 })).toEqual(['', 'a', 'a/old']);
    expect((await paths({ at: at(start + day) })).length).toBe(7);
  });

  test('of a path that is not recorded says when it looked', async () => {
    await expect(paths({ path: 'a/gone' })).rejects.toMatchObject({ code: 'E_PATH_UNKNOWN' });
    await expect(paths({ path: 'plain/x' })).rejects.toMatchObject({ code: 'E_PATH_UNKNOWN' });
    await expect(paths({ path: 'b', at: 'master-stat~1' })).rejects.toMatchObject({ code: 'E_PATH_UNKNOWN' });
  });

  test('reads no more than it shows: one tree, and a record of each child', async () => {
    const lossy = recordedShadow([
      { time: start, paths: { 'a/b/c': { size: 1 }, 'a/d': { size: 2 }, e: { size: 3 } } },
    ]);
    loseObjects(lossy, 'master-stat:a/b', 'master-stat:a/b/c', 'master-stat:a/b/.nogtree', 'master-stat:a/d');
    const entries = await all((await list(lossy.shadow)).entries);
    expect(entries.map(({ path, totals }) => `${path} ${totals.size}`)).toEqual([' 6', 'a 3', 'e 3']);
    lossy.remove();
  });

  test('by name hands out what it has read of a directory before it reads on, so that a directory of any size is listed', async () => {
    const names = Array.from({ length: 1200 }, (_, index) => `f${1000 + index}`);
    const lossy = recordedShadow([
      { time: start, paths: Object.fromEntries(names.map((name, index) => [name, { size: index }])) },
    ]);
    loseObjects(lossy, `master-stat:${names.at(-1) ?? ''}`);
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { path } of (await list(lossy.shadow)).entries) seen.push(path);
    };
    await expect(read()).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
    expect(seen).toEqual(['', ...names.slice(0, 1000)]);
    lossy.remove();
  });

  test('is of the repository that was asked for, wherever the caller stands in git', async () => {
    // As in a hook of another repository.
    const elsewhere = { GIT_DIR: '/nonexistent', GIT_OBJECT_DIRECTORY: '/nonexistent', GIT_NAMESPACE: 'x' };
    Object.assign(process.env, elsewhere);
    try {
      expect(await paths({ path: 'b' })).toEqual(['b', 'b/link', 'b/x']);
    } finally {
      for (const name of Object.keys(elsewhere)) delete process.env[name];
    }
  });

  test('leaves no process behind, whether it is read, read in part, or not at all', async () => {
    const children = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
    await list(world.shadow);
    for await (const _ of (await list(world.shadow)).entries) break;
    await paths({});
    await expect.poll(children).toBe(0);
  });
});

describe('where directories have no totals of their own (fso.rollup=false)', () => {
  test('they are counted by looking down, and the same', async () => {
    const paths = { 'a/b/c': { size: 5 }, 'a/b/d': { size: 6 }, 'a/e': { size: 7 }, 'a/l': { target: 'x' } };
    const worlds = [recordedShadow([{ time: start, paths }]), recordedShadow([{ time: start, paths }], false)];
    const [with_, without] = await Promise.all(
      worlds.map(async ({ shadow }) => all((await list(shadow, { depth: Infinity })).entries)),
    );
    expect(without).toEqual(with_);
    expect(without?.find(({ path }) => path === 'a')?.totals).toEqual({
      dirs: 2,
      files: 3,
      links: 1,
      others: 0,
      size: 18n,
    });
    for (const { remove } of worlds) remove();
  });
});
