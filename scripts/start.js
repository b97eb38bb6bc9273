// `npm start`: builds; without arguments shows the main job on the bundled example, with arguments is `mzr` in the directory from
// which npm was called.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tell } from './demo/tell.js';

const root = fileURLToPath(new URL('..', import.meta.url));
// On standard error: standard output is that of `mzr`.
if (!existsSync(`${root}/dist/build-id`)) console.error('Building, which takes half a minute the first time …');
const build = spawnSync(process.execPath, [`${root}/scripts/build.js`], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);

const args = process.argv.slice(2);
if (args.length > 0) {
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const { status } = spawnSync(process.execPath, [`${root}/bin/mzr.js`, ...args], { cwd, stdio: 'inherit' });
  process.exit(status ?? 1);
}

console.log('What follows happens in a temporary directory, shown as /tmp/demo; nothing of yours is touched.');
const failures = await tell((line) => console.log(line));
if (failures === 0) {
  console.log('\n# All of it was as it should be, and all of it is removed. Next: README.md, “Five minutes”.');
} else {
  console.log(
    `\n# ${failures} not as expected. \`npm start -- doctor\` says what this machine can do and what it lacks.`,
  );
}
process.exitCode = failures === 0 ? 0 : 1;
