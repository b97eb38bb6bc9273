import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.js';
import { bundleTests } from './browser/bundle.js';
import type { Outcome } from './browser/vitest.js';

// Those with `.node.` in their names need Node; all others run in a page as they are, upon the built `mizer/live`. Node does the many seeds.
const directory = fileURLToPath(new URL('.', import.meta.url));
const files = (readdirSync(directory, { recursive: true }) as string[])
  .filter((name) => name.endsWith('.test.ts') && !name.includes('.node.'))
  .sort();
const environment = { MIZER_LIVE_RUNS: '25', MIZER_SOAK_OPERATIONS: '5000' };

let browser: Browser;
let outcomes: Outcome[] = [];

async function outcomesOf(place: string, names: readonly string[]): Promise<Outcome[]> {
  const page = await browser.newPage();
  const loose: Outcome[] = [];
  page.on('pageerror', (error) => loose.push({ file: '', title: 'the page', fault: String(error.stack) }));
  await page.addScriptTag({ content: await bundleTests(place, names, environment) });
  const found = await page.evaluate<Outcome[]>('outcomes');
  await page.close();
  return [...found, ...loose];
}

beforeAll(async () => {
  browser = await openBrowser();
  outcomes = await outcomesOf(directory, files);
}, 300_000);
afterAll(() => browser.close());

const failed = (all: readonly Outcome[]): string[] =>
  all.flatMap(({ file, title, fault }) => (fault === null ? [] : [`${file} > ${title}\n${fault}`]));

test.each(files)('%s passes in headless Chromium as in Node', (file) => {
  const own = outcomes.filter((outcome) => outcome.file === file);
  expect(failed(own)).toEqual([]);
  const declared = readFileSync(path.join(directory, file), 'utf8').match(/^\s*(?:test|it)(?:\.each\S*)?\(/gm) ?? [];
  expect(declared.length).toBeGreaterThan(0);
  expect(own.length).toBeGreaterThanOrEqual(declared.length);
});

test('nothing is thrown in the page beside the tests', () => {
  expect(failed(outcomes.filter(({ file }) => file === ''))).toEqual([]);
  const counts = files.map((file) => `${file} ${outcomes.filter((outcome) => outcome.file === file).length}`);
  console.log(`${outcomes.length} tests in ${browser.version()}: ${counts.join(', ')}`);
});

test('a test that fails in the page is told with its name, those beside it pass', async () => {
  const found = await outcomesOf(path.join(directory, 'browser'), ['fixture-failing.ts']);
  const told = found.map(({ file, title, fault }) => [file, title, fault?.split('\n')[0] ?? null]);
  expect(told).toEqual([
    ['fixture-failing.ts', 'outcomes > passes', null],
    ['fixture-failing.ts', 'outcomes > wrong', 'AssertionError: expected { a: 1 } to deeply equal { a: 2 }'],
    ['fixture-failing.ts', 'outcomes > throws', expect.stringContaining('to not throw an error')],
    [
      'fixture-failing.ts',
      'outcomes > rejects',
      "AssertionError: expected [Function] to throw error including 'accepted' but got 'rejected'",
    ],
    ['fixture-failing.ts', 'outcomes > is late', 'Error: It took longer than 20 ms.'],
    ['fixture-failing.ts', 'outcomes > row 1', null],
    ['fixture-failing.ts', 'outcomes > row 2', 'AssertionError: expected 2 to be 1 // Object.is equality'],
    ['', 'the page', 'Error: loose'],
  ]);
});
