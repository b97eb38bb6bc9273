import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

/** A file's content, or a symbolic link, or an executable. */
export type FileSpec = string | Uint8Array | { readonly link: string } | { readonly executable: string };

/**
 * A directory of its own with a home of its own for one test file: git sees no configuration but what is written here. It is removed at
 * the end. Sets the environment of this process, because the doors pass it on.
 */
export function makeWorld(): { readonly root: string; readonly home: string } {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'mizer-git-')));
  chmodSync(root, 0o755);
  const home = path.join(root, 'home');
  mkdirSync(home);
  for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) delete process.env[name];
  process.env['HOME'] = home;
  process.env['XDG_CONFIG_HOME'] = path.join(home, '.config');
  process.env['GIT_CONFIG_GLOBAL'] = path.join(home, '.gitconfig');
  process.env['GIT_CONFIG_NOSYSTEM'] = '1';
  writeFileSync(
    path.join(home, '.gitconfig'),
    '[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[protocol "file"]\n\tallow = always\n',
  );
  afterAll(() => {
    // The kernel keeps a directory without any permission in the work directory of an overlay.
    execFileSync('chmod', ['-R', 'u+rwX', root], { stdio: 'ignore' });
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  });
  return { root, home };
}

/** What git says on standard output, as text without the last line feed; a failure throws with its complaint. */
export function git(cwd: string, ...args: readonly string[]): string {
  return gitWith({}, cwd, ...args);
}

/** The same with variables added to the environment. */
export function gitWith(
  environment: Readonly<Record<string, string>>,
  cwd: string,
  ...args: readonly string[]
): string {
  const options = { cwd, env: { ...process.env, LC_ALL: 'C', ...environment }, maxBuffer: 1 << 28 };
  return execFileSync('git', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' }).replace(
    /\n$/,
    '',
  );
}

/** Writes files below a directory, with the directories they need. */
export function writeFiles(directory: string, files: Readonly<Record<string, FileSpec>>): void {
  for (const [name, spec] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (typeof spec === 'object' && 'link' in spec) symlinkSync(spec.link, file);
    else if (typeof spec === 'object' && 'executable' in spec) writeFileSync(file, spec.executable, { mode: 0o755 });
    else writeFileSync(file, spec);
  }
}

/** A repository on branch `main` with these files in its first commit. Answers with its path. */
export function makeRepository(
  directory: string,
  files: Readonly<Record<string, FileSpec>> = { 'a.txt': 'a\n' },
): string {
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '-q', '-b', 'main');
  writeFiles(directory, files);
  git(directory, 'add', '-A');
  git(directory, 'commit', '-q', '--allow-empty', '-m', 'first');
  return directory;
}
