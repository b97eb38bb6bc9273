import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { growthMap, listMap, type MapNode, type TreeMap } from '../../src/observe/treemap.js';
import { writePage } from '../../src/observe/treemap-page.js';
import { openBrowser } from '../support/browser.js';
import { type Recorded, recordedShadow, type ShadowWorld } from '../support/recorded-shadow.js';

const trap = '<script>document.title="owned"</script><img src=x onerror=alert(1)>';
const start = 1_700_000_000;
let world: ShadowWorld;
let many: ShadowWorld;
let browser: Browser;
let directory = '';

beforeAll(async () => {
  const before: Readonly<Record<string, Recorded>> = {
    'photos/2025/a.raw': { size: 5_000_000 },
    'photos/2025/b.raw': { size: 3_000_000 },
    'photos/2026/c.raw': { size: 2_000_000 },
    'logs/app.log': { size: 900_000 },
    'gone/x': { size: 400_000 },
    'a<!--/b': { size: 70_000 },
    '<</script><b>x': { size: 50_000 },
  };
  const { 'gone/x': _, ...stays } = before;
  const after = {
    ...stays,
    'logs/app.log': { size: 4_900_000 },
    [`photos/${trap.replaceAll('/', '\u2215')}`]: { size: 800_000 },
  };
  world = recordedShadow([
    { time: start, paths: before },
    { time: start + 1000, paths: asBytes(after), untracked: 12 },
  ]);
  const flat = Object.fromEntries(
    Array.from({ length: 15_000 }, (__, index) => [
      `d${index % 40}/e${index % 7}/f${index}`,
      { size: (index * 7919) % 100_003 },
    ]),
  );
  many = recordedShadow([{ time: start, paths: flat }]);
  directory = mkdtempSync(join(tmpdir(), 'mizer-page-'));
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  rmSync(directory, { recursive: true });
  world.remove();
  many.remove();
});

function asBytes(paths: Readonly<Record<string, Recorded>>): Readonly<Record<string, Recorded>> {
  return Object.fromEntries(Object.entries(paths).map(([path, what]) => [Buffer.from(path).toString('latin1'), what]));
}

interface Look {
  readonly page: Page;
  /** What the page asked for beyond its own file, and what it complained of. */
  readonly outside: readonly string[];
  readonly errors: readonly string[];
}

async function look(map: TreeMap, scheme: 'light' | 'dark' = 'light', width = 1200): Promise<Look> {
  const file = join(directory, 'page.html');
  await writePage(file, map);
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width, height: 800 } });
  const [outside, errors]: [string[], string[]] = [[], []];
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) outside.push(request.url());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => errors.push(message.text()));
  page.on('dialog', (dialog) => errors.push(dialog.message()));
  await page.goto(pathToFileURL(file).href);
  return { page, outside, errors };
}

const names = (page: Page): Promise<readonly string[]> => page.locator('#body th').allTextContents();
const trail = (page: Page): Promise<readonly string[]> => page.locator('#trail li').allTextContents();
const tile = (page: Page, name: string): ReturnType<Page['locator']> =>
  page.locator('#map > .tile', {
    has: page.locator(`> span:text-is("${name}")`).or(page.locator(`> span:has-text("${name} ·")`)),
  });

const countOf = ({ children = [] }: MapNode): number => children.reduce((sum, child) => sum + countOf(child), 1);

describe('the page of a listing, in a real browser', () => {
  test('shows what lies in the directory, the greatest first, as a map and as a table', async () => {
    const { page, outside, errors } = await look(await listMap(world.shadow));
    expect(await names(page)).toEqual(['photos/', 'logs/', 'a<!--/', '<</', 'not tracked one by one']);
    expect(await page.locator('#map > .tile').count()).toBe(4);
    expect(await page.locator('#body tr').first().locator('td').allTextContents()).toEqual([
      '10 MiB',
      '4',
      expect.any(String),
    ]);
    expect({ outside, errors }).toEqual({ outside: [], errors: [] });
    await page.close();
  });

  test('a click on a directory of the map goes into it, the trail and the way back lead out again', async () => {
    const { page } = await look(await listMap(world.shadow));
    await tile(page, 'photos').click({ position: { x: 6, y: 6 } });
    await expect.poll(() => names(page)).toEqual(['2025/', '2026/', expect.stringContaining('owned')]);
    await tile(page, '2025').click({ position: { x: 6, y: 6 } });
    await expect.poll(() => names(page)).toEqual(['a.raw', 'b.raw']);
    expect((await trail(page)).slice(1)).toEqual(['photos', '2025']);
    await page.locator('#trail button', { hasText: 'photos' }).click();
    await expect.poll(() => names(page)).toHaveLength(3);
    await page.goBack();
    await expect.poll(() => names(page)).toEqual(['a.raw', 'b.raw']);
    await page.close();
  });

  test('works with the keyboard alone, and tells where one is', async () => {
    const { page } = await look(await listMap(world.shadow));
    await page.locator('#body button', { hasText: 'photos/' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => trail(page)).toHaveLength(2);
    expect(await page.locator('#trail [aria-current=location]').textContent()).toBe('photos');
    expect(await page.locator('#caption').textContent()).toContain('photos: 10 MiB, 4 files');
    await page.keyboard.press('Escape');
    await expect.poll(() => trail(page)).toHaveLength(1);
    await page.close();
  });

  test('the table is sorted by any of its columns', async () => {
    const { page } = await look(await listMap(world.shadow, { path: 'photos/2025' }));
    await page.locator('#head button', { hasText: 'Name' }).click();
    expect(await names(page)).toEqual(['a.raw', 'b.raw']);
    await page.locator('#head button', { hasText: 'Name' }).click();
    expect(await names(page)).toEqual(['b.raw', 'a.raw']);
    expect(await page.locator('#head th').first().getAttribute('aria-sort')).toBe('descending');
    await page.close();
  });

  test('a name with markup is text: it runs nothing and loads nothing', async () => {
    const { page, outside, errors } = await look(await listMap(world.shadow, { path: 'photos' }));
    await expect.poll(() => names(page)).toContain(trap.replaceAll('/', '\u2215'));
    expect(await page.title()).toBe(`${world.shadow.realDirectory}/photos`);
    expect(await page.locator('img').count()).toBe(0);
    expect({ outside, errors }).toEqual({ outside: [], errors: [] });
    await page.close();
    const path = '<</script><b>x';
    const end = await look(await listMap(world.shadow, { path }));
    expect(await end.page.locator('h1').textContent()).toBe(`${world.shadow.realDirectory}/${path}`);
    expect(await end.page.locator('b').count()).toBe(0);
    expect(end.errors).toEqual([]);
    await end.page.close();
  });

  test('tells a dark ground from a light one, each with text that can be read', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await look(await listMap(world.shadow), scheme);
      const ratios = (await page.evaluate(contrasts)) as readonly number[];
      expect(Math.min(...ratios)).toBeGreaterThan(4.5);
      await page.close();
    }
  });

  test('on a narrow screen the table stands below the map, and nothing is wider than the screen', async () => {
    const { page } = await look(await listMap(world.shadow), 'light', 360);
    const [map, list] = [await page.locator('#map').boundingBox(), await page.locator('#list').boundingBox()];
    expect(list?.y).toBeGreaterThan((map?.y ?? 0) + (map?.height ?? 0) - 1);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.close();
  });

  test('has at most some 10,000 nodes, the greatest, and can be entered', async () => {
    const map = await listMap(many.shadow);
    expect(countOf(map.top)).toBeGreaterThan(9000);
    expect(countOf(map.top)).toBeLessThan(12_000);
    const { page, errors } = await look(map);
    expect(await names(page)).toHaveLength(40);
    await page.locator('#body button').first().click();
    await expect.poll(() => names(page)).toHaveLength(7);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe('the page of growth, in a real browser', () => {
  test('shows what differs with its sign, and what went', async () => {
    const [since = ''] = world.commits;
    const { page, errors } = await look(await growthMap(world.shadow, { since }));
    expect(await names(page)).toEqual(['logs/', 'photos/', 'gone/']);
    expect(await page.locator('#body td:last-child').allTextContents()).toEqual(['grew', 'grew', 'went']);
    expect(await page.locator('#body tr').last().locator('td').first().textContent()).toBe('−391 KiB');
    await tile(page, 'logs').click({ position: { x: 6, y: 6 } });
    await expect.poll(() => names(page)).toEqual(['app.log']);
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** Contrast (WCAG 2) of every text against the nearest ground that is painted. Runs in the page. */
const contrasts = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (color) => {
    const [r, g, b] = parse(color).map((part) => { const s = part / 255; return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parse(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('h1, p, td, th, button, caption, .tile > span, .legend li, #trail span')]
    .filter((element) => element.textContent.trim() !== '' && !element.hidden)
    .map((element) => {
      const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
})()`;
