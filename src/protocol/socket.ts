import { connect, type Socket } from 'node:net';
import { socketPath } from './runtime-directory.js';

/** A connected socket, or `undefined` when nobody listens. */
export function tryConnect(runtimeDirectory: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath(runtimeDirectory));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      // ECONNRESET: whoever listened has died with us in the queue.
      const nobody = 'code' in error && ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes(String(error.code));
      if (nobody) resolve(undefined);
      else reject(error);
    });
  });
}
