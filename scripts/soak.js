// `npm run soak contexts [OPERATIONS]`: the random operations of test/acceptance/soak at full size. MIZER_SEED repeats a run.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [capability, operations = '200'] = process.argv.slice(2);
if (capability !== 'contexts' || !/^\d+$/.test(operations)) {
  console.error('Usage: npm run soak contexts [OPERATIONS]');
  process.exit(2);
}
const env = { ...process.env, MIZER_SOAK_OPERATIONS: operations };
for (const argv of [
  [`${root}/scripts/build.js`],
  [`${root}/node_modules/vitest/vitest.mjs`, 'run', 'test/acceptance/soak'],
]) {
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
