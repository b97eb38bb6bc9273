import { MizerError } from '../../model/errors.js';
import { answer, ask } from '../answer.js';
import { limitsText } from '../reporter/contexts.js';
import { type LimitInput, limitsOf } from '../session/options.js';
import type { World } from '../world.js';

export async function limit(input: LimitInput & { readonly context: string }, world: World): Promise<number> {
  const limits = limitsOf(input);
  if (limits === undefined) {
    throw new MizerError('E_USAGE', 'Which limit?', {
      group: 'usage',
      hint: `For example: mzr limit ${input.context} --cpu 150% --memory 4G --pids 500`,
    });
  }
  const { context } = input;
  await ask(world, 'context/limit', { cwd: world.cwd(), context, limits });
  answer(world, { context, limits }, () => `${context} is limited: ${limitsText(limits)}.\n`);
  return 0;
}
