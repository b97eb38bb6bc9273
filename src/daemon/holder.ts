import { spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import { makeFifo } from '../linux/fifo.js';
import { namespaceId } from '../linux/namespaces.js';
import { processIds } from '../linux/process.js';
import { logPath } from '../protocol/runtime-directory.js';
import type { Ids } from './chain.js';
import { identify, parseIdentity, stillLives, type Identity } from './identity.js';

/**
 * The holder keeps the hub's namespaces open while no daemon runs: a shell of 1 MB in a session of its own. Who is inside a session
 * has no right to enter the hub and start a daemon there; a line in the pipe `hub.start` makes the holder do it.
 */
const name = 'mizer-hub';
const script = `exec 2>/dev/null 3<>"$1"; shift; log=$1; shift; while read -r _ <&3; do "$@" </dev/null >>"$log" 2>&1 3<&- & done`;
const startLimitMs = 5_000;

/** What a holder needs to know to start a daemon. */
export interface DaemonStart {
  /** The daemon's program. */
  readonly entry: string;
  readonly runtime: string;
  /** As `enterChain`. */
  readonly ids: Ids | undefined;
}

/** The daemon's command inside the hub. */
export function commandInHub({ entry, runtime, ids }: DaemonStart): string[] {
  const numbers = ids === undefined ? ['-', '-'] : [String(ids.uid), String(ids.gid)];
  return [process.execPath, entry, '--in-hub', runtime, ...numbers];
}

function pipePath(runtime: string): string {
  return join(runtime, 'hub.start');
}

/** Removes the note of `noteHolder`, and the pipe. */
export function forgetHolder(runtime: string): void {
  rmSync(holderFile(runtime), { force: true });
  rmSync(pipePath(runtime), { force: true });
}

/** Asks a living holder to start a daemon. `false` when there is none. */
export function askHolder(runtime: string): boolean {
  const { O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  try {
    const pipe = openSync(pipePath(runtime), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
    writeSync(pipe, '\n');
    closeSync(pipe);
    return true;
  } catch {
    // ENXIO: nobody reads.
    return false;
  }
}

/** All holders of the hub that this process lives in: more than one, when the note about the first was lost. */
export function holdersHere(): number[] {
  const here = namespaceId('self', 'mnt');
  return processIds().filter((pid) => namespaceId(pid, 'mnt') === here && commandLine(pid).includes(name));
}

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
export async function startHolder(chain: readonly string[], start: DaemonStart): Promise<Identity> {
  const pipe = pipePath(start.runtime);
  if (!existsSync(pipe)) makeFifo(pipe, 0o600);
  const argv = [...chain, 'sh', '-c', script, name, pipe, logPath(start.runtime), ...commandInHub(start)];
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

/** The chain ends in `exec`: it is the holder, in its namespaces, once the command line begins with the shell. */
function becameHolder(pid: number): Identity | undefined {
  return commandLine(pid)[0] === 'sh' ? identify(pid) : undefined;
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
