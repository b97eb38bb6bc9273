import { spawn } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import { namespaceId } from '../linux/namespaces.js';
import { identify, parseIdentity, stillLives, type Identity } from './identity.js';

/** The process that keeps the hub's namespaces open while no daemon runs: `sleep infinity`, 1 MB, in a session of its own. */
const command = ['sleep', 'infinity'] as const;
const startLimitMs = 5_000;

function holderFile(runtime: string): string {
  return join(runtime, 'hub.json');
}

/** The holder that an earlier daemon noted, if it is that process and lives. */
export function readHolder(runtime: string): Identity | undefined {
  let text: string;
  try {
    text = readFileSync(holderFile(runtime), 'utf8');
  } catch {
    return undefined;
  }
  const holder = parseIdentity(text);
  return holder !== undefined && stillLives(holder) ? holder : undefined;
}

/** Notes the holder for the next daemon. */
export function noteHolder(runtime: string, holder: Identity): void {
  const file = holderFile(runtime);
  writeFileSync(`${file}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Starts a holder.
 * @param chain programs that lead into the namespaces it is to keep, each becoming the next
 * @throws MizerError `E_NAMESPACES` with what the chain said
 */
export async function startHolder(chain: readonly string[]): Promise<Identity> {
  const argv = [...chain, ...command];
  const child = spawn(argv[0] ?? '', argv.slice(1), { cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  child.on('error', (error) => (said += error.message));
  const limit = Date.now() + startLimitMs;
  while (child.exitCode === null && child.signalCode === null && Date.now() < limit) {
    const holder = child.pid === undefined ? undefined : becameHolder(child.pid);
    if (holder !== undefined) {
      child.stderr.destroy();
      child.unref();
      return holder;
    }
    await pause(1);
  }
  child.kill('SIGKILL');
  throw new MizerError(
    'E_NAMESPACES',
    `This machine does not let mizer make namespaces: ${said.trim() || 'no answer'}.`,
    {
      group: 'failed',
      hint: 'Run `mzr doctor`: it names the setting and how to allow it.',
      data: { said: said.trim() },
    },
  );
}

/** The chain ends in `exec`: it is the holder, in its namespaces, once the process has that name. */
function becameHolder(pid: number): Identity | undefined {
  let name: string;
  try {
    name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
  return name === command[0] && namespaceId(pid, 'mnt') !== undefined ? identify(pid) : undefined;
}
