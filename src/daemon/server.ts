import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { MizerError } from '../model/errors.js';
import { peerCredentials } from '../linux/peer.js';
import { serveOver } from '../protocol/connection.js';
import { socketPath } from '../protocol/runtime-directory.js';
import type { Log } from './log.js';
import type { Call } from './services.js';
import type { Caller } from './sessions.js';

export interface Server {
  /** Connected clients. */
  readonly clients: number;
  /** Stops listening; what has been answered still goes out. */
  close(): void;
}

type Answer = (method: string, params: unknown, call: Call) => Promise<unknown>;

/**
 * Listens in the runtime directory, for the user alone: the directory keeps others out, and whoever gets in all the same is known by
 * his peer credentials and hung up on.
 */
export function listen(runtime: string, answer: Answer, log: Log): Promise<Server> {
  const path = socketPath(runtime);
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    const peer = admit(socket, log);
    if (peer === undefined) return;
    clients.add(socket);
    let hangUp: () => void = () => undefined;
    const caller: Caller = { ...peer, closed: new Promise((resolve) => (hangUp = resolve)) };
    serveOver(socket, async (method, params, progress) => {
      try {
        return await answer(method, params, { caller, progress });
      } catch (error) {
        if (!(error instanceof MizerError)) log.error(`The request ${method} met a defect.`, error);
        throw error;
      }
    });
    socket.once('close', () => {
      clients.delete(socket);
      hangUp();
    });
  });
  // Whoever holds the daemon's lock is alone here: a socket that lies around is a dead daemon's.
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve({
        get clients() {
          return clients.size;
        },
        close() {
          server.close();
          rmSync(path, { force: true });
          for (const socket of clients) socket.end();
        },
      });
    });
  });
}

/** Who the client is, when it is the user's own; others are hung up on. */
function admit(socket: Socket, log: Log): Pick<Caller, 'pid' | 'gid'> | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle: { readonly fd: number } };
  const { pid, uid, gid } = peerCredentials(handle.fd);
  // Both as seen from the daemon's user namespace, where the user is 0 and everybody else is nobody.
  if (uid === process.getuid?.()) return { pid, gid };
  log.info(`A connection by another user (seen as ${uid}, process ${pid}) was refused.`);
  socket.destroy();
  return undefined;
}
