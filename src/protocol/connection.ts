import type { Socket } from 'node:net';
import {
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { MizerError } from '../model/errors.js';
import type { Method, Params, Progress, Result } from './messages.js';
import { fromWire, toWire } from './wire-error.js';

/**
 * JSON-RPC 2.0 with the base protocol's `Content-Length` header. A request's parameters are `[params, progressToken]`; progress comes
 * as the notification `progress` with `[progressToken, progress]`. An error carries a `WireError` as its data.
 */
const progressMethod = 'progress';
const errorNumber = -32000;

export type ProgressListener = (progress: Progress) => void;

/** The client's end. Requests run at once; each is answered on its own. */
export interface Connection {
  /** @throws MizerError as the daemon threw it, or `E_DAEMON_GONE` when the daemon ends before it answers */
  request<M extends Method>(method: M, params: Params<M>, progress?: ProgressListener): Promise<Result<M>>;
  /** Resolves when either side has closed. Never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Speaks as a client over a connected socket. */
export function clientOver(socket: Socket): Connection {
  const wire = wireOver(socket);
  const listeners = new Map<number, ProgressListener>();
  let lastToken = 0;
  wire.onNotification(progressMethod, (token: number, progress: Progress) => listeners.get(token)?.(progress));
  // Without a listener an error of the socket would end the process; 'close' always follows it.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const gone = closed.then(() => {
    throw daemonGone();
  });
  gone.catch(() => undefined);
  wire.listen();
  return {
    async request<M extends Method>(method: M, params: Params<M>, progress?: ProgressListener): Promise<Result<M>> {
      const token = (lastToken += 1);
      if (progress !== undefined) listeners.set(token, progress);
      try {
        return await Promise.race([wire.sendRequest<Result<M>>(method, params, token), gone]);
      } catch (error) {
        if (error instanceof MizerError) throw error;
        // What is no answer says that there will be none: EPIPE, ECONNRESET, a stream that was destroyed.
        if (!(error instanceof ResponseError) || unanswered.has(error.code)) throw daemonGone(error);
        throw fromWire(error.data) ?? error;
      } finally {
        listeners.delete(token);
      }
    },
    closed,
    close: () => socket.destroy(),
  };
}

/** What the library itself says in place of an answer. */
const unanswered: ReadonlySet<number> = new Set([ErrorCodes.MessageWriteError, ErrorCodes.PendingResponseRejected]);

function daemonGone(cause?: unknown): MizerError {
  return new MizerError('E_DAEMON_GONE', 'The daemon ended before it answered.', {
    hint: 'Run the command again; what it had done is found again.',
    group: 'failed',
    cause,
  });
}

/** Answers one request; what it throws goes to the client. */
export type Answer = (method: string, params: unknown, report: ProgressListener) => Promise<unknown>;

/** Speaks as the daemon over an accepted socket: every request goes to `answer`, many at once. */
export function serveOver(socket: Socket, answer: Answer): void {
  const wire = wireOver(socket);
  wire.onRequest(async (method, values) => {
    const [params, token] = Array.isArray(values) ? (values as readonly unknown[]) : [values];
    const report: ProgressListener = (progress) => {
      if (!socket.destroyed) wire.sendNotification(progressMethod, token, progress).catch(() => undefined);
    };
    try {
      return await answer(method, params, report);
    } catch (error) {
      const wireError = toWire(error);
      return new ResponseError(errorNumber, wireError.message, wireError);
    }
  });
  socket.on('error', () => undefined);
  wire.listen();
}

function wireOver(socket: Socket): MessageConnection {
  // A message that is no JSON-RPC ends the connection: after it nothing can be told apart any more.
  const wire = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
  wire.onError(() => socket.destroy());
  return wire;
}
