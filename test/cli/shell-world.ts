import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, mzr } from './mzr.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof shells)[number];

/** Shells without the start-up files of whoever runs the tests. */
const interactive: Readonly<Record<ShellName, string>> = {
  bash: 'bash --norc --noprofile -i',
  zsh: 'zsh -f -i',
  fish: 'fish -N -i',
};

/** Those of them that this machine has: a user has one shell, a machine for development all of them. */
export function installed(wanted: readonly ShellName[] = shells): readonly ShellName[] {
  return wanted.filter((shell) => spawnSync(shell, ['--version']).status === 0);
}

/** A directory with `mzr` on a path of its own and the code of every shell in files. */
export interface ShellWorld {
  readonly root: string;
  /** Where `mzr` is. */
  readonly path: string;
  /** A file with what `mzr WHAT SHELL` prints. */
  code(what: 'hook' | 'completion', shell: ShellName): string;
  /** What a terminal shows when these lines are typed into an interactive shell. */
  typed(shell: ShellName, lines: readonly string[], before?: readonly string[]): string;
  remove(): void;
}

export function shellWorld(): ShellWorld {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'mizer-shell-')));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  mkdirSync(join(root, 'run'), { mode: 0o700 });
  symlinkSync(binary, join(bin, 'mzr'));
  for (const shell of shells) {
    for (const what of ['hook', 'completion']) writeFileSync(join(root, `${what}.${shell}`), mzr([what, shell]).out);
  }
  const path = `${bin}:${process.env['PATH'] ?? ''}`;
  const env = {
    ...process.env,
    PATH: path,
    HOME: root,
    XDG_RUNTIME_DIR: join(root, 'run'),
    TERM: 'dumb',
    SHELL: '/bin/sh',
  };
  return {
    root,
    path: bin,
    code: (what, shell) => join(root, `${what}.${shell}`),
    typed: (shell, lines, before = []) => {
      const [program = 'script', ...words] = [...before, 'script', '-qec', interactive[shell], '/dev/null'];
      const input = `${lines.join('\n')}\nexit\n`;
      return spawnSync(program, words, { cwd: root, encoding: 'utf8', input, env, timeout: 30_000 }).stdout;
    },
    remove: () => rmSync(root, { recursive: true }),
  };
}
