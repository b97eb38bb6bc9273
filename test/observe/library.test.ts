import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Observe from '../../src/observe/index.js';

let root = '';
let observe: typeof Observe;
beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'mizer-library-')));
  // By its public name, as another package finds it.
  const name = 'mizer/observe';
  observe = (await import(name)) as typeof Observe;
});
afterAll(() => rmSync(root, { recursive: true }));

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the library mizer/observe', () => {
  test('from nothing to an answer: discover, init, stat, list, growth', async () => {
    const { discover, growth, init, list, readPatterns, shadowOf, stat } = observe;
    const [data, shadows] = [join(root, 'data'), join(root, 'shadows')];
    mkdirSync(join(data, 'projects/a/deep'), { recursive: true });
    writeFileSync(join(data, 'projects/a/one'), 'x'.repeat(100));
    const options = {
      patterns: readPatterns('enter projects\nrepo projects/*'),
      shadowOf: (path: string) => shadowOf(path, shadows),
    };
    const candidates = (await all(discover(data, options))).filter(({ kind }) => kind === 'candidate');
    expect(candidates.map(({ path }) => path)).toEqual(['projects/a']);
    const shadow = await init({ realDirectory: join(data, 'projects/a'), shadowRoot: shadows });
    expect((await all(discover(data, options))).find(({ path }) => path === 'projects/a')?.kind).toBe('known');
    const first = await stat(shadow);
    writeFileSync(join(data, 'projects/a/deep/two'), 'x'.repeat(50));
    const second = await stat(shadow);
    expect(second).toMatchObject({ unchanged: false, errors: [] });
    expect((await stat(shadow)).unchanged).toBe(true);
    const { entries } = await list(shadow, { depth: Infinity });
    expect((await all(entries)).map(({ path, kind, totals }) => `${path} ${kind} ${totals.size}`)).toEqual([
      ' directory 150',
      'deep directory 50',
      'deep/two file 50',
      'one file 100',
    ]);
    const { changes } = await growth(shadow, { since: first.commit ?? '' });
    expect((await all(changes)).map(({ path, change, bytes }) => `${change} ${path} ${bytes}`)).toEqual([
      'grew  50',
      'came deep 50',
    ]);
  });

  test('its errors are MizerErrors with a stable code and a hint', async () => {
    const { init, list, locateShadow, MizerError } = observe;
    const refused = await locateShadow(join(root, 'elsewhere'), { shadowRoot: join(root, 'none') }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(MizerError);
    expect(refused).toMatchObject({ code: 'E_SHADOW_UNKNOWN', hint: expect.stringContaining('mzr observe init') });
    mkdirSync(join(root, 'fresh'));
    const shadow = await init({ realDirectory: join(root, 'fresh'), shadowRoot: join(root, 'shadows') });
    await expect(list(shadow)).rejects.toMatchObject({ code: 'E_NOT_OBSERVED' });
  });
});
