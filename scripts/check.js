// Everything a change must pass besides its tests: types, lint, dead exports, directions between rooms, format.
// All are run even when one fails, so that one look shows all there is to mend.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const checks = [
  ['types', 'tsc', ['-b']],
  ['lint', 'oxlint', ['--deny-warnings']],
  ['dead exports', 'knip', []],
  ['directions between rooms', 'depcruise', ['--config', '.dependency-cruiser.cjs', 'src']],
  ['format', 'oxfmt', ['--check', '.']],
];
let failed = 0;
for (const [title, tool, args] of checks) {
  const run = spawnSync(`${root}/node_modules/.bin/${tool}`, args, { cwd: root, encoding: 'utf8' });
  const ok = run.status === 0;
  if (!ok) failed += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title}`);
  if (!ok) console.log(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error ?? ''}`);
}
process.exit(failed === 0 ? 0 : 1);
