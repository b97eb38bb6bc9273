// `npm run bench CAPABILITY`: builds, then measures a speed table; what it takes is in bench/main.ts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const argv of [
  [`${root}/scripts/build.js`, 'bench'],
  [`${root}/dist/bench/main.js`, ...process.argv.slice(2)],
]) {
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
