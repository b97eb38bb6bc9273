// Writes the figures in README.md from bench/results/contexts.json, so that they are those that were measured. `--check` writes nothing
// and ends with 1 when the README says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = `${root}README.md`;
const { machine, repository, measurements } = JSON.parse(readFileSync(`${root}bench/results/contexts.json`, 'utf8'));

const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const row = ({ what, measured, unit, against, ratio, target, met }) =>
  [
    what,
    `${digits(measured)} ${unit}`,
    against === undefined ? '' : `${against.what}: ${digits(against.value)} ${unit}`,
    ratio === undefined ? '' : digits(ratio),
    target ?? '',
    met === undefined ? '' : met ? 'yes' : '**no**',
  ].join(' | ');

const { cores, memoryGigabytes, kernel, fileSystem, node, git, user } = machine;
const facts = `${cores} cores, ${memoryGigabytes} GB, Linux ${kernel}, ${fileSystem}, Node ${node}, git ${git}, as ${user === 'root' ? 'root' : 'an ordinary user'}`;
const text = `Measured by \`npm run bench contexts\` on ${repository.tracked.toLocaleString('en')} tracked files and ${repository.products.toLocaleString('en')} build products (${facts}); both sides of a ratio in the same run.

| what | measured | against | ratio | target | met |
|---|---|---|---|---|---|
${measurements.map((line) => `| ${row(line)} |`).join('\n')}`;

const block = `<!-- figures: written by scripts/figures.js from bench/results/contexts.json -->\n\n${text}\n\n<!-- /figures -->`;
const before = readFileSync(readme, 'utf8');
const after = before.replace(/<!-- figures[\s\S]*<!-- \/figures -->/, () => block);
if (process.argv.includes('--check')) process.exitCode = before === after ? 0 : 1;
else writeFileSync(readme, after);
