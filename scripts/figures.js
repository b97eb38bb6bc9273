// Writes the figures in README.md from bench/results/*.json; `--print CAPABILITY` shows those of one and writes nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const rounded = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
const against = ({ against: others = [], unit }) =>
  others.map(({ what, value, ratio }) => `${rounded(ratio)} × ${what} (${rounded(value)} ${unit})`).join('; ');
const met = (line) => (line.met === undefined ? '' : line.met ? 'yes' : 'no');

/** What was measured upon, as a sentence. */
const upon = {
  contexts: ({ repository, machine }) =>
    `A generated repository of ${repository.tracked.toLocaleString('en')} tracked files and ${repository.products.toLocaleString('en')} build products; ${hardware(machine)}, ${machine.fileSystem}, Linux ${machine.kernel}, Node ${machine.node}, git ${machine.git}, ${machine.user === 'root' ? 'as root' : 'as an ordinary user'}. Medians of one run. Ratios of builds are of speeds, all others of times.`,
  live: ({ machine, versions, histories }) =>
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(
        ', ',
      )}; ${hardware(machine)}, Node ${machine.node}; ${histories}. Medians of one run unless said otherwise.`,
  observe: ({ machine, million }) =>
    `Files of up to 100 bytes, 50 to a directory; the million ${million}; ${hardware(machine)}, ${machine.fileSystem}, Linux ${machine.kernel}, Node ${machine.node}, git ${machine.git}. Medians of one run, warm cache; the first stat of a million once.`,
};
const hardware = ({ cores, memoryGigabytes }) => `${cores} cores, ${memoryGigabytes} GB`;

function block(capability) {
  const results = JSON.parse(readFileSync(at(`bench/results/${capability}.json`), 'utf8'));
  return [
    `<!-- figures of ${capability}: written by scripts/figures.js from bench/results/${capability}.json -->`,
    '',
    upon[capability](results),
    '',
    '| what | measured | against, in the same run | promised | kept |',
    '|---|---|---|---|---|',
    ...results.measurements.map(
      (line) =>
        `| ${line.what} | ${rounded(line.measured)} ${line.unit} | ${against(line)} | ${line.target ?? ''} | ${met(line)} |`,
    ),
    '',
    `<!-- /figures of ${capability} -->`,
  ].join('\n');
}

const [option, asked] = process.argv.slice(2);
if (option === '--print') {
  process.stdout.write(`${block(asked)}\n`);
} else {
  let text = readFileSync(at('README.md'), 'utf8');
  for (const capability of Object.keys(upon)) {
    const place = new RegExp(`<!-- figures of ${capability}:[\\s\\S]*<!-- /figures of ${capability} -->`);
    text = text.replace(place, () => block(capability));
  }
  writeFileSync(at('README.md'), text);
}
