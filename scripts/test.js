// `npm test [-- VITEST ARGUMENTS]`: builds, then runs the tests. Run by root, they start programs as an ordinary user too, who must be able
// to read them: where he cannot (a clone in root's home), a copy in the temporary directory is tested.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(cwd, command, ...args) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function isReadable() {
  if (process.getuid?.() !== 0) return true;
  const ids = ['--reuid=1001', '--regid=1001', '--clear-groups'];
  return spawnSync('setpriv', [...ids, 'test', '-r', join(root, 'dist/bundle/main.cjs')]).status === 0;
}

function copyOf(directory) {
  const copy = mkdtempSync(join(tmpdir(), 'mizer-test-'));
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  chmodSync(copy, 0o755);
  run(directory, 'cp', '-a', '.', join(copy, 'mizer'));
  run(directory, 'chmod', '-R', 'a+rX', copy);
  return join(copy, 'mizer');
}

run(root, process.execPath, 'scripts/build.js');
const place = isReadable() ? root : copyOf(root);
run(place, process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2));
