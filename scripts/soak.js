// `npm run soak contexts [OPERATIONS]`: the random operations of test/acceptance/soak at full size.
// `npm run soak live [RUNS]`: so many runs of each kind of the simulated network. MIZER_SEED repeats a run.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const soaks = {
  contexts: { count: '200', variable: 'MIZER_SOAK_OPERATIONS', tests: 'test/acceptance/soak' },
  live: { count: '10000', variable: 'MIZER_LIVE_RUNS', tests: 'test/live/simulation' },
};
const [capability = '', given] = process.argv.slice(2);
const soak = Object.hasOwn(soaks, capability) ? soaks[capability] : undefined;
const count = given ?? soak?.count;
if (soak === undefined || !/^\d+$/.test(count)) {
  console.error('Usage: npm run soak contexts [OPERATIONS] | npm run soak live [RUNS]');
  process.exit(2);
}
const env = { ...process.env, [soak.variable]: count };
for (const argv of [[`${root}/scripts/build.js`], [`${root}/node_modules/vitest/vitest.mjs`, 'run', soak.tests]]) {
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
