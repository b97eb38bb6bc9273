import { readFileSync } from 'node:fs';
import { parse, wantsJson } from './arguments/parse.js';
import { findCommand } from './catalogue.js';
import { type Declaration, isFamily } from './declaration.js';
import { PipeClosed } from './streams.js';
import { processWorld, type World } from './world.js';

const usageStatus = 2;
/** As a shell shows a program that SIGPIPE ended. */
const pipeClosedStatus = 141;

/** One command line from its words to its exit status. Never throws. */
export async function program(words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    return await dispatch(words, env);
  } catch (error) {
    return await told(error, processWorld(env, words.includes('--json')));
  }
}

async function dispatch(line: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [name, ...others] = line;
  if (name === '__complete')
    return (await import('./completion/complete.js')).complete(others, processWorld(env, false));
  if (name === undefined) {
    const world = processWorld(env, false);
    world.err.write((await import('./help/overview.js')).overview(world.err.style));
    return usageStatus;
  }
  if (name === '--version') {
    processWorld(env, false).out.write(`mizer ${version()}\n`);
    return 0;
  }
  const { command, words } = findCommand(name === '--help' || name === '-h' ? ['help', ...others] : line);
  if (!isFamily(command)) return perform(command, words, env);
  const { out, err } = processWorld(env, false);
  const asked = words.length > 0;
  const channel = asked ? out : err;
  channel.write((await import('./help/family-page.js')).familyPage(command, channel.style));
  return asked ? 0 : usageStatus;
}

async function perform(declaration: Declaration, words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const world = processWorld(env, wantsJson(declaration, words));
  try {
    const { input, help } = parse(declaration, words);
    if (help) {
      world.out.write((await import('./help/page.js')).page(declaration, world.out.style));
      return 0;
    }
    const action = await declaration.load();
    return await action(input as never, world);
  } catch (error) {
    return await told(error, world);
  }
}

/** Tells an error where the person or the program looks for it, and answers its status. */
async function told(error: unknown, world: World): Promise<number> {
  if (error instanceof PipeClosed) return pipeClosedStatus;
  const { errorText, exitStatusOf } = await import('./reporter/error.js');
  const { jsonError, jsonLine } = await import('./reporter/json.js');
  try {
    world.err.write(world.json ? jsonLine(jsonError(error)) : errorText(error, world.err.style));
  } catch {
    // Nobody listens on standard error; the status still tells.
  }
  return exitStatusOf(error);
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
