// Writes the figures in README.md from bench/results/contexts.json; `--print` shows them and writes nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const { machine, repository, measurements } = JSON.parse(readFileSync(at('bench/results/contexts.json'), 'utf8'));

const rounded = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
const against = ({ against: other, ratio, unit }) =>
  other === undefined ? '' : `${rounded(ratio)} × ${other.what} (${rounded(other.value)} ${unit})`;
const met = (line) => (line.met === undefined ? '' : line.met ? 'yes' : 'no');

const facts = `${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.fileSystem}, Linux ${machine.kernel}, Node ${machine.node}, git ${machine.git}, ${machine.user === 'root' ? 'as root' : 'as an ordinary user'}`;
const size = `${repository.tracked.toLocaleString('en')} tracked files and ${repository.products.toLocaleString('en')} build products`;
const block = [
  '<!-- figures: written by scripts/figures.js from bench/results/contexts.json -->',
  '',
  `A generated repository of ${size}; ${facts}. Medians of one run. Ratios of builds are of speeds, all others of times.`,
  '',
  '| what | measured | against, in the same run | promised | kept |',
  '|---|---|---|---|---|',
  ...measurements.map(
    (line) =>
      `| ${line.what} | ${rounded(line.measured)} ${line.unit} | ${against(line)} | ${line.target ?? ''} | ${met(line)} |`,
  ),
  '',
  '<!-- /figures -->',
].join('\n');

if (process.argv.includes('--print')) {
  process.stdout.write(`${block}\n`);
} else {
  const text = readFileSync(at('README.md'), 'utf8');
  writeFileSync(
    at('README.md'),
    text.replace(/<!-- figures[\s\S]*<!-- \/figures -->/, () => block),
  );
}
