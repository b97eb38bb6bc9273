import { spawnSync } from 'node:child_process';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { protocolVersion, type DaemonStatus, type Method, type Params, type Result } from '#mizer/protocol/messages.js';
import type { ContextBench } from './bench.js';
import { cleanOfMizer } from './repository.js';
import { run, timed } from './world.js';

const command = fileURLToPath(new URL('../../../bin/mzr.js', import.meta.url));

/** The command line of `mzr` from this package, as a user's shell would start it. */
export function mzr(...args: readonly string[]): string[] {
  return [process.execPath, command, ...args];
}

/** Runs `mzr` in the repository and returns what it printed. */
export function mzrRun(bench: ContextBench, ...args: readonly string[]): string {
  return run(bench.world, bench.repository, mzr(...args));
}

/** Milliseconds from the start of `mzr` to its exit, in the repository. */
export function mzrTimed(bench: ContextBench, ...args: readonly string[]): number {
  return timed(bench.world, bench.repository, mzr(...args));
}

/** Ends the daemon of the world, if there is one. */
export function stopDaemon(bench: ContextBench): void {
  spawnSync(process.execPath, [command, 'daemon', 'stop', '--force'], {
    cwd: bench.repository,
    env: bench.world.environment,
  });
}

/** A daemon that is up, and a repository that mizer has never seen. */
export function freshStart(bench: ContextBench): void {
  stopDaemon(bench);
  cleanOfMizer(bench.world, bench.repository);
  mzrRun(bench, 'list');
}

/** What the daemon says of itself. */
export function daemonStatus(bench: ContextBench): DaemonStatus {
  return JSON.parse(mzrRun(bench, 'daemon', 'status', '--json')) as DaemonStatus;
}

/**
 * Asks the daemon, over one connection, for one session after another, and returns the milliseconds each answer took. A name makes a
 * context that stays; `undefined` makes the context of a run, dropped again.
 */
export async function opened(bench: ContextBench, names: readonly (string | undefined)[]): Promise<number[]> {
  const status = daemonStatus(bench);
  const socket = createConnection(status.socket);
  const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
  connection.listen();
  const call = <M extends Method>(method: M, params: Params<M>): Promise<Result<M>> =>
    connection.sendRequest<Result<M>>(method, params);
  await call('hello', { protocol: protocolVersion, build: status.build });
  const times: number[] = [];
  for (const name of names) {
    const session = name === undefined ? ({ purpose: 'run' } as const) : ({ purpose: 'shell', context: name } as const);
    const start = process.hrtime.bigint();
    const { session: id, context } = await call('session/open', {
      ...session,
      cwd: bench.repository,
      gitSettings: {},
      make: {},
      command: ['true'],
    });
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
    await call('session/end', { session: id, context, keep: name !== undefined, cwd: bench.repository });
  }
  connection.dispose();
  socket.destroy();
  return times;
}
