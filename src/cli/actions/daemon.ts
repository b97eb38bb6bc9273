import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, startTime } from '../../linux/process.js';
import { MizerError } from '../../model/errors.js';
import type { Connection } from '../../protocol/connection.js';
import { logPath, runtimeDirectory } from '../../protocol/runtime-directory.js';
import { answer } from '../answer.js';
import { daemonPage } from '../reporter/machine.js';
import type { World } from '../world.js';

const longestEndMs = 10_000;
const lookAgainMs = 10;

interface DaemonInput {
  readonly action: 'status' | 'stop' | 'log';
  readonly force: boolean;
}

export async function daemon({ action, force }: DaemonInput, world: World): Promise<number> {
  if (action === 'log') return log(world);
  const running = await world.runningDaemon();
  if (running === undefined) {
    answer(world, { running: false }, () => 'No daemon runs. The next command that needs one starts it.\n');
    return action === 'status' ? 1 : 0;
  }
  return action === 'status' ? status(running, world) : stop(running, force, world);
}

async function status(running: Connection, world: World): Promise<number> {
  const found = await running.request('daemon/status', {});
  answer(world, { running: true, ...found }, () => daemonPage(found, world.now(), world.out.style));
  return 0;
}

async function stop(running: Connection, force: boolean, world: World): Promise<number> {
  const { pid } = await running.request('daemon/status', {});
  const started = startTime(pid);
  const { stopped, busy } = await running.request('daemon/stop', { force });
  if (!stopped) {
    throw new MizerError('E_DAEMON_BUSY', `The daemon is needed: ${busy} commands are under way or awaited.`, {
      hint: 'Wait for them, or use mzr daemon stop --force: sessions live on.',
      data: { busy },
    });
  }
  await running.closed;
  if (started !== undefined) await endOf(pid, started);
  answer(world, { stopped }, () => 'The daemon has stopped.\n');
  return 0;
}

/**
 * Until the process has ended: what it was doing for others it finishes behind its closed socket. Not for ever; and not until it is awaited, which
 * the first process of a container may never do.
 */
async function endOf(pid: number, started: number): Promise<void> {
  for (let waited = 0; waited < longestEndMs && isAlive(pid, started); waited += lookAgainMs) await pause(lookAgainMs);
}

function log(world: World): number {
  const path = logPath(runtimeDirectory(world.env, process.getuid?.() ?? 0));
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new MizerError('E_LOG_MISSING', `There is no log at ${path}.`, {
      hint: 'The daemon writes it once it was started: see mzr daemon status.',
      cause,
    });
  }
  answer(world, { log: path, text: bytes.toString('utf8') }, () => bytes);
  return 0;
}
