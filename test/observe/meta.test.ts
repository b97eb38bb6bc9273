import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getMetadata, listMetadata, setMetadata } from '../../src/observe/meta.js';
import { formatMetadata, parseMetadata } from '../../src/observe/meta-blob.js';
import { all, recordedShadow, type ShadowWorld } from '../support/recorded-shadow.js';

let world: ShadowWorld;
beforeAll(() => {
  world = recordedShadow([
    { time: 1_700_000_000, paths: { 'dir/file': { size: 1 }, plain: { size: 2 }, 'odd\n"\u00ff': { size: 3 } } },
  ]);
});
afterAll(() => world.remove());

const git = (...words: readonly string[]): string =>
  spawnSync('git', words, { cwd: world.shadow.path, encoding: 'utf8' }).stdout.trim();

describe('the lines of metadata', () => {
  test('are sorted by the bytes of keys, compact, and sorted inside', () => {
    expect(formatMetadata({ b: 1, a: { z: [1, 'x'], y: null, 10: 1, 9: 2 }, ä: 'é', 'Z z': true })).toBe(
      'Z z: true\na: {"10":1,"9":2,"y":null,"z":[1,"x"]}\nb: 1\nä: "é"\n',
    );
  });

  test('read back are what was written', () => {
    const keys = fc.stringMatching(/^[A-Za-z_$é][A-Za-z0-9 _.\-é]*[A-Za-z0-9é]$/);
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), (metadata) => {
        const text = formatMetadata(metadata);
        expect(formatMetadata(parseMetadata(text) ?? { lost: 1 })).toBe(text);
        expect(text.split('\n')).toHaveLength(Object.keys(metadata).length + 1);
      }),
    );
  });

  test.each(['', 'a:b', 'a\nb', ' a', 'a ', '#a', '"a"', 'a\u2028b'])('no key may break them: %j', (key) => {
    expect(() => formatMetadata({ [key]: 1 })).toThrowError(expect.objectContaining({ code: 'E_META_KEY' }));
  });

  test('__proto__ is a key like others', () => {
    expect(formatMetadata(parseMetadata('__proto__: {"a":1}\n') ?? {})).toBe('__proto__: {"a":1}\n');
  });
});

describe('metadata', () => {
  test('of a path is set key by key, and gone with its last key', async () => {
    await setMetadata(world.shadow, 'plain', { owner: 'ada', tags: ['x'] });
    await setMetadata(world.shadow, 'plain', { size: 3, owner: undefined });
    expect((await getMetadata(world.shadow, 'plain')).metadata).toEqual({ tags: ['x'], size: 3 });
    expect(git('show', 'master-meta:plain')).toBe('size: 3\ntags: ["x"]');
    await setMetadata(world.shadow, 'plain', { size: undefined, tags: undefined });
    expect((await getMetadata(world.shadow, 'plain')).metadata).toEqual({});
    expect(git('ls-tree', '--name-only', 'master-meta')).toBe('.gitignore');
  });

  test('of a directory is in its .nogtree, of the root as well; any name will do', async () => {
    for (const path of ['', 'dir', 'dir/file', 'odd\n"\u00ff', '-x'])
      await setMetadata(world.shadow, path, { at: path.length });
    expect(git('show', 'master-meta:dir/.nogtree')).toBe('at: 3');
    expect(git('show', 'master-meta:.nogtree')).toBe('at: 0');
    const listed = await all(listMetadata(world.shadow));
    expect(listed.map(({ path }) => path)).toEqual(['', '-x', 'dir', 'dir/file', 'odd\n"\u00ff']);
    for (const { path, metadata } of listed) expect(metadata).toEqual({ at: path.length });
    expect((await all(listMetadata(world.shadow, 'dir'))).map(({ path }) => path)).toEqual(['dir', 'dir/file']);
    expect(git('fsck', '--strict')).toBe('');
  });

  test('of a file that has become a directory stays that of the path', async () => {
    await setMetadata(world.shadow, 'becomes', { a: 1 });
    await setMetadata(world.shadow, 'becomes/inside', { b: 2 });
    expect((await getMetadata(world.shadow, 'becomes')).metadata).toEqual({ a: 1 });
    expect((await getMetadata(world.shadow, 'becomes/inside')).metadata).toEqual({ b: 2 });
    await setMetadata(world.shadow, 'later', { a: 1 });
    await setMetadata(world.shadow, 'later', { b: 2 }, { directory: true });
    expect(git('show', 'master-meta:later/.nogtree')).toBe('a: 1\nb: 2');
  });

  test('that is set to what it is makes no commit', async () => {
    const { commit } = await setMetadata(world.shadow, 'plain', { k: { b: 1, a: 2 } });
    expect((await setMetadata(world.shadow, 'plain', { k: { a: 2, b: 1 } })).commit).toBe(commit);
  });

  test('is compared before it is set: what was expected must still be so', async () => {
    const { commit = '' } = await getMetadata(world.shadow, 'plain');
    const next = await setMetadata(world.shadow, 'plain', { n: 1 }, { expect: commit });
    await expect(setMetadata(world.shadow, 'plain', { n: 2 }, { expect: commit })).rejects.toMatchObject({
      code: 'E_META_CHANGED',
      data: { expected: commit, actual: next.commit },
    });
    await expect(setMetadata(world.shadow, 'plain', { n: 2 }, { expect: null })).rejects.toMatchObject({
      code: 'E_META_CHANGED',
    });
    expect((await getMetadata(world.shadow, 'plain')).metadata).toMatchObject({ n: 1 });
  });

  test('set by many at once is all there, in one line of commits that begins at the stub', async () => {
    const fresh = recordedShadow([{ time: 1_700_000_000, paths: { a: { size: 1 } } }]);
    const many = Array.from({ length: 8 }, (_, index) => setMetadata(fresh.shadow, 'a', { [`key${index}`]: index }));
    await Promise.all(many);
    expect(Object.keys((await getMetadata(fresh.shadow, 'a')).metadata)).toHaveLength(8);
    const count = spawnSync('git', ['rev-list', '--count', 'master-stub..master-meta'], {
      cwd: fresh.shadow.path,
      encoding: 'utf8',
    });
    expect(count.stdout.trim()).toBe('8');
    fresh.remove();
  });
});
