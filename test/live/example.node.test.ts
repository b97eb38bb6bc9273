import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.js';

// The example as its README starts it, in a browser, with keys that are pressed and a mouse that is moved.
let server: ChildProcess;
let browser: Browser;
let page: Page;
let address = '';
const faults: string[] = [];

beforeAll(async () => {
  const start = fileURLToPath(new URL('../../examples/live/start.js', import.meta.url));
  server = spawn(process.execPath, [start], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of server.stdout ?? []) {
    address += String(chunk);
    if (address.endsWith('/\n')) break;
  }
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  server.kill();
  if (server.exitCode === null && server.signalCode === null) await once(server, 'close');
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1500, height: 850 } });
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => faults.push(String(error.stack)));
  await page.goto(address.trim());
  await row('Ben', 'README.md').waitFor();
});
afterEach(async () => {
  await page.close();
  const [fault] = faults.splice(0);
  if (fault !== undefined) throw new Error(`In the page: ${fault}`);
});

type Person = 'Ada' | 'Ben';
const people = ['Ada', 'Ben'] as const;
const side = (person: Person): Locator => page.locator(`.side.${person.toLowerCase()}`);
const row = (person: Person, path: string): Locator => side(person).locator(`li[data-path="${path}"]`);
const text = (person: Person): Locator => side(person).locator('.cm-content');
const press = (person: Person, name: string): Promise<void> =>
  side(person).getByRole('button', { name, exact: true }).click();
const turn = (): Promise<void> => page.locator('.line button').click();
const typed = async (person: Person): Promise<string> =>
  (await text(person).locator('.cm-line').allInnerTexts()).map((line) => line.replace(/\n$/, '')).join('\n');

async function open(path: string, ...who: readonly Person[]): Promise<void> {
  for (const person of who) {
    await row(person, path).click();
    await side(person).locator('.title .path', { hasText: path }).waitFor();
  }
}

/** Puts the caret at the end of the line that holds `words`, and types. */
async function typeAfter(person: Person, words: string, keys: string): Promise<void> {
  await text(person).locator('.cm-line', { hasText: words }).first().click();
  await page.keyboard.press('End');
  await page.keyboard.type(keys);
}

async function paths(person: Person): Promise<string[]> {
  return side(person)
    .locator('li[data-path]')
    .evaluateAll((rows) => rows.map((one) => one.getAttribute('data-path') ?? ''));
}

/** Waits until both sides show the same files and the same text, which has all of `words`. */
async function expectSame(...words: readonly string[]): Promise<string> {
  let [ada, ben] = ['', ''];
  await expect
    .poll(
      async () => {
        [ada, ben] = [await typed('Ada'), await typed('Ben')];
        return ada === ben && words.every((word) => ada.includes(word));
      },
      { timeout: 10_000, message: 'both show the same text' },
    )
    .toBe(true);
  expect(await paths('Ada')).toEqual(await paths('Ben'));
  return ada;
}

/** Does `act` until this side shows `wanted`: what is typed slowly is undone in several steps. */
async function repeat(act: () => Promise<void>, person: Person, wanted: string): Promise<void> {
  for (let steps = 0; steps < 8 && (await typed(person)) !== wanted; steps += 1) await act();
  expect(await typed(person)).toBe(wanted);
}

describe('the example', () => {
  test('what one types the other sees, with where he is', async () => {
    await open('docs/plan.md', ...people);
    await typeAfter('Ada', '- dig', ' deep');
    expect(await expectSame('- dig deep')).toBe('# Plan\n\n- dig deep\n- sow\n- wait\n');
    await side('Ben').locator('.caret[data-person=Ada]').waitFor({ state: 'attached' });
    await row('Ben', 'docs/plan.md').locator('.dot[data-person=Ada]').waitFor();
    await page.keyboard.press('Shift+Home');
    await expect.poll(() => side('Ben').locator('.theirs[data-person=Ada]').innerText()).toBe('- dig deep');
    await expect.poll(() => row('Ben', 'docs/plan.md').locator('.mark').innerText()).toBe('M');
  });

  test('typed on both sides of a cut line, all of it is there when it is joined', async () => {
    await open('README.md', ...people);
    await turn();
    await typeAfter('Ada', 'A small program', ' It is Ada’s.');
    await page.keyboard.press('Enter');
    await page.keyboard.type('And 😀 a line.');
    await typeAfter('Ben', 'Run it', ' Ben likes it.');
    await typeAfter('Ben', '# Garden', 's');
    expect(await typed('Ada')).not.toContain('Ben');
    expect(await typed('Ben')).not.toContain('Ada');
    expect(await page.locator('.line output').innerText()).toMatch(/cut\. \d+ messages wait/);
    await turn();
    expect(await expectSame('Ada’s', 'Ben likes')).toBe(
      '# Gardens\n\nA small program about a garden. It is Ada’s.\nAnd 😀 a line.\n\nRun it with `./run`. Ben likes it.\n',
    );
  });

  test('a file moved by one goes along under the hands of the other', async () => {
    await open('docs/spring.md', ...people);
    await turn();
    await press('Ada', '+ Folder');
    await page.keyboard.type('seasons');
    await page.keyboard.press('Enter');
    await row('Ada', 'docs/spring.md').click();
    await press('Ada', 'Move');
    await page.keyboard.type('seasons/first.md');
    await page.keyboard.press('Enter');
    await row('Ada', 'seasons/first.md').waitFor();
    await typeAfter('Ben', 'Crocus', ' Snowdrops before.');
    await turn();
    await expectSame('Snowdrops before.');
    expect(await side('Ben').locator('.title .path').innerText()).toBe('seasons/first.md');
    expect(await paths('Ben')).not.toContain('docs/spring.md');
    await row('Ben', 'seasons/first.md').dragTo(row('Ben', 'src'));
    await row('Ada', 'src/first.md').waitFor();
    await typeAfter('Ada', 'Crocus', ' And then?');
    await expectSame('Snowdrops before. And then?');
  });

  test('a commit and a reset keep what was typed meanwhile', async () => {
    await open('docs/plan.md', ...people);
    await typeAfter('Ada', '# Plan', ' of Ada');
    await expectSame('# Plan of Ada');
    await turn();
    await typeAfter('Ben', '- dig', ' with Ben');
    await press('Ada', 'Commit');
    await expect.poll(() => side('Ada').locator('.base').innerText()).toContain('0 changed');
    await turn();
    await expectSame('# Plan of Ada', '- dig with Ben');
    await expect.poll(() => side('Ada').locator('.base').innerText()).toContain('1 changed');
    await side('Ben').locator('select').selectOption({ label: 'herbs' });
    await press('Ben', 'Reset to');
    await expectSame('- dig with Ben', '- water');
    expect(await side('Ben').locator('.base').innerText()).toBe(await side('Ada').locator('.base').innerText());
    await typeAfter('Ada', '- water', ' daily');
    await expectSame('- dig with Ben', '- water daily');
  });

  test('typed where the new commit says something else, it is shown as a conflict, and can be put in', async () => {
    await open('src/beds.js', ...people);
    await typeAfter('Ben', 'south:', ' // Ben was here');
    await expectSame('// Ben was here');
    await side('Ada').locator('select').selectOption({ label: 'herbs' });
    await press('Ada', 'Reset to');
    for (const person of people) {
      await side(person).locator('.conflicts pre', { hasText: '// Ben was here' }).waitFor();
      await side(person).locator('.cm-line.conflict').waitFor();
    }
    expect(await typed('Ada')).not.toContain('Ben was here');
    await press('Ben', 'Put in what was typed');
    await expectSame('herbs:', '// Ben was here');
    for (const person of people) await side(person).locator('.conflicts').waitFor({ state: 'hidden' });
  });

  test('undo takes back what was typed on this side, and nothing of the other', async () => {
    await open('docs/plan.md', ...people);
    await typeAfter('Ada', '- dig', ' deep');
    await expectSame('- dig deep');
    await typeAfter('Ben', '- sow', ' early');
    await expectSame('- sow early');
    await text('Ada').click();
    const both = await expectSame('- dig deep', '- sow early');
    const withoutAda = '# Plan\n\n- dig\n- sow early\n- wait\n';
    await repeat(() => page.keyboard.press('Control+z'), 'Ada', withoutAda);
    expect(await expectSame()).toBe(withoutAda);
    await page.keyboard.press('Control+z');
    expect(await typed('Ada')).toBe(withoutAda);
    await repeat(() => page.keyboard.press('Control+Shift+Z'), 'Ada', both);
    const withoutBen = '# Plan\n\n- dig deep\n- sow\n- wait\n';
    await expectSame('- dig deep');
    await repeat(() => press('Ben', 'Undo'), 'Ben', withoutBen);
    expect(await expectSame()).toBe(withoutBen);
  });

  test('a file that is deleted under the hands of the other is there again when he types', async () => {
    await open('docs/plan.md', ...people);
    await row('Ada', 'docs/plan.md').click();
    await press('Ada', 'Delete');
    await side('Ben').locator('.title .path.gone').waitFor();
    await typeAfter('Ben', '- wait', ' more');
    await row('Ada', 'docs/plan.md').waitFor();
    await expectSame('- wait more');
  });
});
