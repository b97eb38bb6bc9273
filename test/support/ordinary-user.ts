import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A user and group id without rights that a test run by root hands its programs to. No such account has to exist. */
export const ordinaryId = 1001;

const isRoot = process.getuid?.() === 0;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command line that runs `argv` as an ordinary user: as it is, or for root under {@link ordinaryId} without groups. */
export function asOrdinaryUser(argv: readonly string[]): string[] {
  if (!isRoot) return [...argv];
  return ['setpriv', `--reuid=${ordinaryId}`, `--regid=${ordinaryId}`, '--clear-groups', ...argv];
}

/** Makes `directory` and all below it the ordinary user's. Nothing to do where the tests are run by one. */
export function giveToOrdinaryUser(directory: string): void {
  if (isRoot) execFileSync('chown', ['-R', '--no-dereference', `${ordinaryId}:${ordinaryId}`, directory]);
}

let install: string | undefined;

/**
 * The package's directory as an ordinary user can read it: the repository itself, or where that lies below a closed directory (a clone
 * in root's home), a copy of what `mzr` needs, removed when the process ends.
 */
export function readableInstall(): string {
  install ??= canRead(root) ? root : copyInstall();
  return install;
}

function canRead(directory: string): boolean {
  const [file = '', ...args] = asOrdinaryUser(['test', '-r', path.join(directory, 'dist/bundle/main.cjs')]);
  return spawnSync(file, args).status === 0;
}

function copyInstall(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'mizer-install-'));
  chmodSync(copy, 0o755);
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  for (const name of ['package.json', 'bin', 'dist'])
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  for (const name of ['@koromix', ...dependencies()]) {
    const from = path.join(root, 'node_modules', name);
    if (existsSync(from)) cpSync(from, path.join(copy, 'node_modules', name), { recursive: true });
  }
  execFileSync('chmod', ['-R', 'a+rX', copy]);
  return copy;
}

function dependencies(): string[] {
  const text = readFileSync(path.join(root, 'package.json'), 'utf8');
  const { dependencies: named } = JSON.parse(text) as { dependencies: Record<string, string> };
  return Object.keys(named);
}
