import type { EndSessionResult } from '../../protocol/messages.js';
import { answer, defined, remark } from '../answer.js';
import { archivePrefix } from '../reporter/archives.js';
import { errorText } from '../reporter/error.js';
import { type Ending, passOn } from '../session/child.js';
import { type LimitInput, limitsOf, type MakeInput, makeOf } from '../session/options.js';
import { checkOpened, documentOf, endSession, type Opened, openSession, performAsChild } from '../session/session.js';
import type { World } from '../world.js';

interface RunInput extends MakeInput, LimitInput {
  readonly command: readonly string[];
  readonly keep: string | true | undefined;
  readonly env: string | undefined;
}

export async function run(input: RunInput, world: World): Promise<number> {
  const opened = await openSession(world, {
    purpose: 'run',
    make: makeOf(input),
    command: input.command,
    environmentFile: input.env,
    ...defined({ keep: input.keep, limits: limitsOf(input) }),
  });
  let ending: Ending;
  try {
    checkOpened(opened, world);
    ending = await performAsChild(opened, world);
  } catch (error) {
    await close(opened, world, false);
    throw error;
  }
  const ended = await close(opened, world, input.keep !== undefined || input.name !== undefined);
  const { outcome = null, notes = [] } = ended ?? {};
  const document = documentOf(opened, ending);
  if (world.json) answer(world, { ...document, outcome, notes: [...opened.session.notes, ...notes] }, () => '');
  return passOn(ending);
}

/** The command has ended with a status of its own, which a failure to clean up after it must not replace. */
async function close({ session }: Opened, world: World, keep: boolean): Promise<EndSessionResult | undefined> {
  try {
    const ended = await endSession(world, session, keep);
    remark(world, [...outcomeText(ended), ...ended.notes]);
    return ended;
  } catch (error) {
    if (!world.json) world.err.write(errorText(error, world.err.style));
    return undefined;
  }
}

function outcomeText({ context, outcome, archive = context }: EndSessionResult): readonly string[] {
  if (outcome === 'kept')
    return [`Kept as ${context}: see mzr diff ${context}; then mzr apply ${context} or mzr drop ${context}.`];
  if (outcome === 'busy') return [`Processes are still in ${context}; it goes when they end.`];
  return outcome === 'archived' ? [`What it changed is archived as ${archivePrefix}${archive}; see mzr archives.`] : [];
}
