// `npm run soak contexts [OPERATIONS]`: the random operations of test/acceptance/soak at full size.
// `npm run soak live [RUNS]`: so many runs of each kind of the simulated network, 10,000 when not given, and a hundred times as many
// spoilt messages for the decoder. A failure names its seed; MIZER_SEED repeats it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const soaks = {
  contexts: {
    count: '200',
    environment: (count) => ({ MIZER_SOAK_OPERATIONS: count }),
    tests: ['test/acceptance/soak'],
  },
  live: {
    count: '10000',
    environment: (count) => ({ MIZER_LIVE_RUNS: count, MIZER_SOAK_OPERATIONS: `${count}00` }),
    tests: ['test/live/simulation', 'test/live/wire-fuzz'],
  },
};
const [capability = '', given] = process.argv.slice(2);
const soak = Object.hasOwn(soaks, capability) ? soaks[capability] : undefined;
const count = given ?? soak?.count;
if (soak === undefined || !/^\d+$/.test(count)) {
  console.error('Usage: npm run soak contexts [OPERATIONS] | npm run soak live [RUNS]');
  process.exit(2);
}
const env = { ...process.env, ...soak.environment(count) };
for (const argv of [[`${root}/scripts/build.js`], [`${root}/node_modules/vitest/vitest.mjs`, 'run', ...soak.tests]]) {
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
