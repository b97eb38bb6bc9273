import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ObjectReader } from '../../src/git/tree-reader.js';
import { askableDate } from '../../src/observe/date-words.js';
import { momentAt, momentSince } from '../../src/observe/history.js';
import { recordedShadow, type ShadowWorld } from '../support/recorded-shadow.js';

const day = 86_400;
const now = Math.floor(Date.now() / 1000);
const ages = [40, 20, 13, 6, 2];
let world: ShadowWorld;
let reader: ObjectReader;

beforeAll(() => {
  world = recordedShadow(ages.map((age) => ({ time: now - age * day, paths: { f: { size: age } } })));
  reader = ObjectReader.open(world.shadow.gitDir);
});
afterAll(() => {
  reader.close();
  world.remove();
});

/** How many days old the state is that was found. */
const age = async (when?: string): Promise<number> => {
  const { commit } = await momentAt(world.shadow, reader, when);
  return ages[world.commits.indexOf(commit)] ?? Number.NaN;
};

describe('a moment', () => {
  test('is the newest state unless said otherwise', async () => {
    expect(await age()).toBe(2);
    expect(await age('now')).toBe(2);
  });

  test('is the last state at or before a date, in the words of git', async () => {
    expect(await age('2 weeks ago')).toBe(20);
    expect(await age('12 days ago')).toBe(13);
    expect(await age('one month ago')).toBe(40);
    expect(await age('yesterday')).toBe(2);
    expect(await age(new Date((now - 6 * day) * 1000).toISOString())).toBe(6);
    expect(await age(new Date((now - 6 * day - 1) * 1000).toISOString())).toBe(13);
  });

  test('of a weekday is the last such day', async () => {
    const names = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
    // Four days ago: after the state of six days ago, before that of two.
    const name = names[new Date((now - 4 * day) * 1000).getDay()] ?? '';
    for (const word of [name, name.slice(0, 3), `last ${name}`, name.toUpperCase()]) expect(await age(word)).toBe(6);
  });

  test('may be named as any revision of master-stat', async () => {
    expect(await age('master-stat~2')).toBe(13);
    expect(await age(world.commits[0]?.slice(0, 12))).toBe(40);
  });

  test('before the first state is refused, and since then is the first', async () => {
    await expect(momentAt(world.shadow, reader, '2 years ago')).rejects.toMatchObject({ code: 'E_TOO_EARLY' });
    expect((await momentSince(world.shadow, reader, '2 years ago')).commit).toBe(world.commits[0]);
  });

  test.each(['mondya', '2 weks ago', '', '?', 'no-such-branch', 'a\nb', '--all', 'master-stat~99'])(
    'that means nothing is refused, not taken for now: %j',
    async (when) => {
      await expect(momentAt(world.shadow, reader, when)).rejects.toMatchObject({ code: 'E_REVISION_UNKNOWN' });
    },
  );

  test('of another branch is refused: it is no state', async () => {
    await expect(momentAt(world.shadow, reader, 'master-stub')).rejects.toMatchObject({ code: 'E_REVISION_UNKNOWN' });
  });

  test('there is none before the first stat', async () => {
    const fresh = recordedShadow([]);
    const own = ObjectReader.open(fresh.shadow.gitDir);
    await expect(momentAt(fresh.shadow, own)).rejects.toMatchObject({ code: 'E_NOT_OBSERVED' });
    own.close();
    fresh.remove();
  });
});

test.each([
  ['monday', 'last monday'],
  ['Mon 18:00', 'last Mon 18:00'],
  ['10:00 friday', '10:00 last friday'],
  ['last monday', 'last monday'],
  ['2 mondays ago', '2 mondays ago'],
  ['3 days ago', '3 days ago'],
  ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00Z'],
  ['Nov 3 2025', 'Nov 3 2025'],
  ['noon yesterday', 'noon yesterday'],
  ['2026-11-20 10:00 CET', '2026-11-20 10:00 CET'],
])('the date %j is asked of git as %j', (text, asked) => {
  expect(askableDate(text)).toBe(asked);
});
