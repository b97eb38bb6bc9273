import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Growth, growth, type GrowthOptions } from '../../src/observe/growth.js';
import { all, loseObjects, recordedShadow, type ShadowWorld } from '../support/recorded-shadow.js';

const start = 1_700_000_000;
const before = {
  'same/a': { size: 1 },
  'same/b': { size: 2 },
  'grows/log': { size: 100 },
  'grows/other': { size: 1 },
  'shrinks/x': { size: 70 },
  'shrinks/y': { size: 5 },
  'goes/deep/z': { size: 9 },
  'balanced/in': { size: 10 },
  touched: { size: 4, mtime: 1 },
  'becomes/dir': { size: 8 },
};
const after = {
  'same/a': { size: 1 },
  'same/b': { size: 2 },
  'grows/log': { size: 5100 },
  'grows/other': { size: 1 },
  'shrinks/x': { size: 70 },
  'balanced/out': { size: 10 },
  touched: { size: 4, mtime: 2 },
  'becomes/dir/file': { size: 8 },
  'comes/q': { size: 1000 },
};
let world: ShadowWorld;
beforeAll(() => {
  world = recordedShadow([
    { time: start, paths: before },
    { time: start + 10, paths: after },
    { time: start + 20, paths: after, ignore: '/x/\n' },
  ]);
});
afterAll(() => world.remove());

const between = async (options: Partial<GrowthOptions> = {}): Promise<readonly Growth[]> => {
  const report = await growth(world.shadow, {
    since: world.commits[0] ?? '',
    until: world.commits[1] ?? '',
    ...options,
  });
  return all(report.changes);
};
const short = ({ path, change, bytes, files }: Growth): string => `${change} ${path} ${bytes} ${files}`;

describe('growth', () => {
  test('tells what differs by directory, the greatest difference first, and nothing that is equal', async () => {
    expect((await between()).map(short)).toEqual([
      'grew  5986 -1',
      'grew grows 5000 0',
      'came comes 1000 1',
      'went goes -9 -1',
      'shrank shrinks -5 -1',
      'changed balanced 0 0',
      'changed becomes 0 0',
      'changed touched 0 0',
    ]);
  });

  test('goes as deep as it is told; what became a directory is followed into it', async () => {
    expect((await between({ path: 'goes', depth: Infinity })).map(short)).toEqual([
      'went goes -9 -1',
      'went goes/deep -9 -1',
      'went goes/deep/z -9 -1',
    ]);
    expect((await between({ path: 'becomes', depth: Infinity })).map(short)).toEqual([
      'changed becomes 0 0',
      'changed becomes/dir 0 0',
      'came becomes/dir/file 8 1',
    ]);
    expect((await between({ depth: 0 })).map(short)).toEqual(['grew  5986 -1']);
  });

  test('has both sides, each absent where there was none', async () => {
    const [, came] = await between({ path: 'comes' });
    expect(came).toMatchObject({ change: 'came', after: { kind: 'file', totals: { size: 1000n } } });
    expect(came).not.toHaveProperty('before');
  });

  test('backwards is the same with the signs turned', async () => {
    const back = await between({ since: world.commits[1] ?? '', until: world.commits[0] ?? '', depth: Infinity });
    const forth = await between({ depth: Infinity });
    const turned = (list: readonly Growth[], sign: bigint): readonly string[] =>
      list.map(({ path, bytes, files }) => `${path} ${bytes * sign} ${files * Number(sign)}`).toSorted();
    expect(turned(back, -1n)).toEqual(turned(forth, 1n));
  });

  test('between equal states is one line that says so', async () => {
    expect((await between({ since: world.commits[1] ?? '' })).map(short)).toEqual(['same  0 0']);
  });

  test('of a directory is the sum of what differs in it', async () => {
    const rows = await between({ depth: Infinity });
    const directories = rows.filter(({ before: old, after: now }) => old?.kind !== 'file' && now?.kind !== 'file');
    const sums = directories.map(({ path, depth }) =>
      rows
        .filter((row) => row.depth === depth + 1 && (path === '' || row.path.startsWith(`${path}/`)))
        .reduce((sum, { bytes }) => sum + bytes, 0n),
    );
    expect(sums).toEqual(directories.map(({ bytes }) => bytes));
  });

  test('says when what is tracked was changed between', async () => {
    const [first = '', second = ''] = world.commits;
    expect((await growth(world.shadow, { since: first, until: second })).policyChanged).toBe(false);
    expect((await growth(world.shadow, { since: second })).policyChanged).toBe(true);
  });

  test('since a date before the first state is since the first', async () => {
    const report = await growth(world.shadow, { since: '1990-01-01' });
    expect(report.from.commit).toBe(world.commits[0]);
  });

  test('opens no tree that is equal in both, and of others no more than it shows', async () => {
    const lossy = recordedShadow([
      { time: start, paths: before },
      { time: start + 10, paths: after },
    ]);
    loseObjects(lossy, 'master-stat:same', 'master-stat:same/a', 'master-stat:grows/log', 'master-stat:comes/q');
    const asked = { since: lossy.commits[0] ?? '' };
    expect((await all((await growth(lossy.shadow, asked)).changes)).map(short)).toEqual((await between()).map(short));
    lossy.remove();
  });

  test('of a path in neither state is refused', async () => {
    await expect(between({ path: 'never' })).rejects.toMatchObject({ code: 'E_PATH_UNKNOWN' });
  });

  test('without totals in the trees is the same, by looking down', async () => {
    const plain = recordedShadow(
      [
        { time: start, paths: before },
        { time: start + 10, paths: after },
      ],
      false,
    );
    const report = await growth(plain.shadow, { since: plain.commits[0] ?? '', depth: Infinity });
    expect((await all(report.changes)).map(short)).toEqual((await between({ depth: Infinity })).map(short));
    plain.remove();
  });
});
