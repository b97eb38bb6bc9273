import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex, Readable, Writable } from 'node:stream';
import { MizerError } from '../../model/errors.js';

export interface ChildPlan {
  readonly argv: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** The command's standard output goes to standard error. */
  readonly outToErr: boolean;
  /** The chain waits in namespaces of its own until this is done for its pid (messages.ts, `handshake`). */
  readonly enter?: (pid: number) => Promise<void>;
}

/** How a command ended: one of the two is set. */
export interface Ending {
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** A terminal sends these to the command as well; it decides what they mean. */
const leftToCommand: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
/** These come to us alone. */
const handedOn: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

/** Runs a command with our standard streams and waits for it. SIGTSTP and SIGCONT reach the whole foreground group by themselves. */
export async function runChild(plan: ChildPlan): Promise<Ending> {
  const [program = '', ...words] = plan.argv;
  const shake = plan.enter === undefined ? [] : (['pipe', 'pipe'] as const);
  const restore: (() => void)[] = [];
  const on = (signal: NodeJS.Signals, handler: () => void): void => {
    process.on(signal, handler);
    restore.push(() => process.off(signal, handler));
  };
  // Before the start: a signal in between must not end us and leave the command behind. Handlers run only after the start.
  let child: ChildProcess | undefined;
  for (const signal of leftToCommand) on(signal, () => undefined);
  for (const signal of handedOn) on(signal, () => child?.kill(signal));
  try {
    child = spawn(program, words, {
      stdio: [0, plan.outToErr ? 2 : 1, 2, ...shake],
      env: plan.environment,
    });
    const ending = endingOf(child, program);
    if (plan.enter !== undefined) await letIn(child, ending, plan.enter);
    return await ending;
  } finally {
    for (const undo of restore) undo();
  }
}

function endingOf(child: ChildProcess, program: string): Promise<Ending> {
  return new Promise((resolve, reject) => {
    child.once('exit', (status, signal) => resolve({ status: status ?? undefined, signal: signal ?? undefined }));
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const missing = cause.code === 'ENOENT';
      const sentence = missing
        ? `The command '${program}' was not found.`
        : `'${program}' cannot be executed (${cause.code}).`;
      const code = missing ? 'E_COMMAND_NOT_FOUND' : 'E_COMMAND_NOT_EXECUTABLE';
      reject(new MizerError(code, sentence, { hint: 'See mzr doctor for the programs that are needed.', cause }));
    });
  });
}

/** The client's side of the handshake; a chain that ends before it is ready has told why itself. */
async function letIn(
  child: ChildProcess,
  ending: Promise<Ending>,
  enter: (pid: number) => Promise<void>,
): Promise<void> {
  const ready = child.stdio[3] as Readable & Duplex;
  const go = child.stdio[4] as Writable & Duplex;
  for (const end of [ready, go]) end.on('error', () => undefined);
  const stands = new Promise<true>((resolve) => ready.once('data', () => resolve(true)));
  try {
    const gone = ending.then(() => false as const);
    if ((await Promise.race([stands, gone])) && child.pid !== undefined) {
      await enter(child.pid);
      go.end('\n');
    }
  } catch (error) {
    child.kill('SIGKILL');
    await ending.catch(() => undefined);
    throw error;
  } finally {
    ready.destroy();
  }
}

/** Signals whose default is a core dump: ours would be a dump of Node, of no use to anyone. */
const dumping: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGSYS',
  'SIGXCPU',
  'SIGXFSZ',
] as const);

/** The command's status for our own end; where a signal ended it and can end us in the same way, that. */
export function passOn({ status, signal }: Ending): number {
  if (signal === undefined) return status ?? 0;
  if (!dumping.has(signal)) process.kill(process.pid, signal);
  return 128 + constants.signals[signal];
}
