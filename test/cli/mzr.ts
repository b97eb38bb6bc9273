import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const binary = fileURLToPath(new URL('../../bin/mzr.js', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as a user starts it, in a pipe, with no daemon to be found and without colours of our environment. */
export function mzr(words: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...words], {
    encoding: 'utf8',
    env: { ...inherited, ...env },
  });
  return { status, out: stdout, err: stderr };
}
