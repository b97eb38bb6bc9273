import { MizerError } from '../../model/errors.js';
import { answer, ask } from '../answer.js';
import type { Limits } from '../../protocol/messages.js';
import { limitNames, limitsText } from '../reporter/contexts.js';
import { type LimitInput, limitsOf } from '../session/options.js';
import type { World } from '../world.js';

export async function limit(input: LimitInput & { readonly context: string }, world: World): Promise<number> {
  const named = Object.entries(limitsOf(input) ?? {}) as [keyof Limits, number][];
  const lifted = named.flatMap(([name, value]) => (Number.isFinite(value) ? [] : [name]));
  const limits: Limits = Object.fromEntries(named.filter(([, value]) => Number.isFinite(value)));
  if (named.length === 0) {
    throw new MizerError('E_USAGE', 'Which limit?', {
      group: 'usage',
      hint: `For example: mzr limit ${input.context} --cpu 150% --memory 4G --pids 500`,
    });
  }
  const { context } = input;
  await ask(world, 'context/limit', { cwd: world.cwd(), context, limits, lifted });
  const set = limitsText(limits);
  answer(world, { context, limits, lifted }, () =>
    [
      ...(set === '' ? [] : [`${context} is limited: ${set}.\n`]),
      ...lifted.map((name) => `${context} has no limit of ${limitNames[name]} any more.\n`),
    ].join(''),
  );
  return 0;
}
