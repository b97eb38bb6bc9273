import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(`${root}/README.md`, 'utf8');
const printed = (script: string, ...args: readonly string[]): string =>
  execFileSync(process.execPath, [`${root}/scripts/${script}`, '--print', ...args], { encoding: 'utf8' });

it.each(['contexts', 'live', 'observe'])('the figures of %s in the README are those of the results', (capability) => {
  expect(readme).toContain(printed('figures.js', capability).trim());
});

it('the transcript of the README is what its commands print', () => {
  const block = /```console\n(# A small project[\s\S]*?)```/.exec(readme)?.[1];
  expect(block).toBeDefined();
  expect(steady(printed('transcript.js'))).toBe(steady(block ?? ''));
});

it('every document that the README links is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !existsSync(`${root}/${link}`))).toEqual([]);
});

/**
 * Without what differs from run to run and between the two forms of the example: numbers, object names, the names of the build, and what is
 * said only where it takes long.
 */
function steady(transcript: string): string {
  return transcript
    .replaceAll('mzr: Starting the daemon …\n', '')
    .replace(/\b[0-9a-f]{10,}\b/g, 'ID')
    .replace(/\d+(?:\.\d+)?(?:ms|[smhKM])?\b/g, 'N')
    .replaceAll('node build.mjs', 'make')
    .replaceAll('build.mjs:', 'make:')
    .replaceAll('node build/house.mjs', 'build/house')
    .replaceAll('build/house.mjs', 'build/house')
    .replaceAll(
      /\b(src|include)\/(\w+)\.txt/g,
      (_, directory, name) => `${directory}/${name}.${directory === 'src' ? 'c' : 'h'}`,
    )
    .replace(/^#define COLOUR "(\w+)"|^([-+])(?:#define COLOUR ")?(\w+)"?$/gm, '$2$3$1')
    .replace(/ +/g, ' ')
    .trim();
}
