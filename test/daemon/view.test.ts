import { expect, it } from 'vitest';
import { parseMountinfo, type Mount } from '../../src/linux/mountinfo.js';
import { contextAt, contextsInSight, keyOf, sourceOf, stackAt } from '../../src/daemon/view.js';

const state = '/home/u/.local/state/mizer';
const mounts = (...lines: readonly string[]): Mount[] =>
  parseMountinfo(
    lines
      .map((line) => `${line} rw master:1 - overlay`.replace(/^(\S+ \S+) (\S+) (\S+)( rw.*)$/, '$1 0:9 / $2$4 $3 rw'))
      .join('\n'),
  );

it('a context is named in its mount as it is named in its key, whatever the name', () => {
  for (const name of ['a', 'feature/x', 'ünï'])
    expect(keyOf(sourceOf({ storeId: 's1', name }))).toEqual({ storeId: 's1', name });
  expect(['mizer:', 'mizer:x', 'tmpfs', ''].map(keyOf)).toEqual(Array.from({ length: 4 }));
});

it('a stack is told by who sits on whom: what was put beneath is younger than what it lies under', () => {
  const found = stackAt(mounts('1 0 / root', '20 30 /w mizer:s/a', '30 1 /w mizer:s/b', '25 1 /v mizer:s/c'), '/w');
  expect(found.map(({ id }) => id)).toEqual([30, 20]);
});

it('what lies on top at a work tree is in sight, what it covers and what the hub holds is not', () => {
  const all = mounts(
    '1 0 / root',
    `10 1 ${state}/hub/s/a mizer:s/a`,
    '20 1 /w mizer:s/a',
    '21 20 /w mizer:s/b',
    '30 1 /v mizer:s/c',
    '31 30 /v ext4',
  );
  expect(contextsInSight(all, state)).toEqual([{ key: { storeId: 's', name: 'b' }, workTree: '/w' }]);
});

it('one stands in the innermost work tree that holds the directory', () => {
  const all = mounts('1 0 / root', '20 1 /w mizer:s/a', '21 20 /w/in mizer:t/b');
  const at = (directory: string): string | undefined => contextAt(all, state, directory)?.key.name;
  expect(['/w', '/w/x', '/w/in', '/w/in/deep', '/w/inn', '/wx', '/'].map(at)).toEqual([
    'a',
    'a',
    'b',
    'b',
    'a',
    undefined,
    undefined,
  ]);
});
