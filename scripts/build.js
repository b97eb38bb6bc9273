// Compiles what runs (further project names are compiled too), then bundles the command.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}/node_modules/typescript/bin/tsc`;
for (const step of [
  [compiler, '-b', 'src/live', 'src/library', 'src/observe', 'src/daemon', 'src/cli', ...process.argv.slice(2)],
  [`${root}/scripts/bundle.js`],
]) {
  const { status } = spawnSync(process.execPath, step, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
