import { limitsOfParent } from '../../linux/exec.js';
import { MizerError } from '../../model/errors.js';
import type { EndSessionResult, OpenSessionParams, OpenSessionResult } from '../../protocol/messages.js';
import { answer, ask, defined, remark } from '../answer.js';
import type { World } from '../world.js';
import { type Ending, passOn, runChild } from './child.js';
import { readEnvironment } from './environment-file.js';
import { checkCommand } from './locate.js';

export interface Opened {
  readonly session: OpenSessionResult;
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

interface Wanted extends Omit<OpenSessionParams, 'cwd' | 'gitSettings'> {
  /** An environment file. */
  readonly environmentFile: string | undefined;
}

/** Opens a session for a command. What is wrong with the environment file or the command is told before anything is made or entered. */
export async function openSession(world: World, wanted: Wanted): Promise<Opened> {
  const { environmentFile, ...params } = wanted;
  const own = environmentFile === undefined ? {} : readEnvironment(environmentFile);
  const session = await ask(world, 'session/open', {
    cwd: world.cwd(),
    gitSettings: gitSettings({ ...world.env, ...own }),
    ...params,
  });
  remark(world, session.notes);
  const environment = { ...world.env, ...own, ...session.environment };
  return { session, command: params.command, environment };
}

function gitSettings(environment: NodeJS.ProcessEnv): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && /^GIT_CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+)$/.test(name)) settings[name] = value;
  }
  return settings;
}

/** @throws MizerError `E_COMMAND_NOT_FOUND`, `E_COMMAND_NOT_EXECUTABLE` */
export function checkOpened({ session, command, environment }: Opened, world: World): void {
  checkCommand(command[0] ?? '', environment['PATH'] ?? '/usr/bin:/bin', world.cwd(), session.workTree);
}

/** Runs the command in its session as a child and waits for it. */
export function performAsChild({ session, command, environment }: Opened, world: World): Promise<Ending> {
  const enter = async (pid: number): Promise<void> => {
    await ask(world, 'session/enter', { session: session.session, pid });
  };
  return runChild({
    argv: [...limitsOfParent(), ...session.chain, ...command],
    environment,
    outToErr: world.json,
    ...defined({ enter: session.handshake ? enter : undefined }),
  });
}

/**
 * Lets this process become the command, so that nothing of ours stays behind. Where someone has to wait (a handshake, a document to
 * write) the command is a child, and the status is its own.
 */
export async function performInPlace(opened: Opened, world: World): Promise<number> {
  checkOpened(opened, world);
  const { session, command, environment } = opened;
  const [program, ...words] = [...session.chain, ...command];
  if (program === undefined) throw new MizerError('E_USAGE', 'There is no command to run.', { group: 'usage' });
  if (!session.handshake && !world.json) {
    const { becomeCommand } = await import('../../linux/exec.js');
    return becomeCommand([program, ...words], environment);
  }
  const ending = await performAsChild(opened, world);
  if (world.json) answer(world, documentOf(opened, ending), () => '');
  return passOn(ending);
}

/** Ends a session; a daemon that was replaced meanwhile is found again. */
export async function endSession(
  world: World,
  { session, context, workTree }: OpenSessionResult,
  keep: boolean,
): Promise<EndSessionResult> {
  const params = { session, context, keep, cwd: workTree };
  try {
    return await ask(world, 'session/end', params);
  } catch (error) {
    if (!(error instanceof MizerError && error.code === 'E_DAEMON_GONE')) throw error;
    return ask(world, 'session/end', params);
  }
}

/** What a program is told about a command that ended. */
export function documentOf({ session, command }: Opened, { status, signal }: Ending): Record<string, unknown> {
  const { context, workTree, notes } = session;
  return { context, workTree, command, status: status ?? null, signal: signal ?? null, notes };
}
