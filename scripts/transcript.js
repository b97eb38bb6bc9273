// Writes the transcript in README.md: the demo's own commands and what they printed. `--print` shows it and writes nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tell } from './demo/tell.js';

const readme = fileURLToPath(new URL('../README.md', import.meta.url));
const lines = [];
const failures = await tell((line) => lines.push(line));
const transcript = lines.join('\n').trim();
if (process.argv.includes('--print')) {
  process.stdout.write(`${transcript}\n`);
} else if (failures === 0) {
  const block = `<!-- transcript: written by scripts/transcript.js -->\n\n\`\`\`console\n${transcript}\n\`\`\`\n\n<!-- /transcript -->`;
  const text = readFileSync(readme, 'utf8');
  writeFileSync(
    readme,
    text.replace(/<!-- transcript[\s\S]*<!-- \/transcript -->/, () => block),
  );
}
process.exitCode = failures === 0 ? 0 : 1;
