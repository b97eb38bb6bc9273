import { MizerError } from '../../model/errors.js';
import { defined } from '../answer.js';
import { type LimitInput, limitsOf, type MakeInput, makeOf } from '../session/options.js';
import { openSession, performInPlace } from '../session/session.js';
import type { World } from '../world.js';

interface ShellInput extends MakeInput, LimitInput {
  readonly context: string | undefined;
  readonly env: string | undefined;
}

export async function shell(input: ShellInput, world: World): Promise<number> {
  const context = input.context ?? input.name;
  if (context !== input.name && input.name !== undefined) {
    throw new MizerError('E_USAGE', `Is it ${context} or ${input.name}?`, {
      group: 'usage',
      hint: 'Give the name once: mzr shell NAME.',
    });
  }
  const shellProgram = world.env['SHELL'] ?? '';
  const opened = await openSession(world, {
    purpose: 'shell',
    make: makeOf({ ...input, name: undefined }),
    command: [shellProgram === '' ? '/bin/sh' : shellProgram],
    environmentFile: input.env,
    ...defined({ context, limits: limitsOf(input) }),
  });
  return performInPlace(opened, world);
}
