import { defined } from '../answer.js';
import { type LimitInput, limitsOf } from '../session/options.js';
import { openSession, performInPlace } from '../session/session.js';
import type { World } from '../world.js';

interface ExecInput extends LimitInput {
  readonly context: string;
  readonly command: readonly string[];
  readonly env: string | undefined;
}

export async function exec(input: ExecInput, world: World): Promise<number> {
  const opened = await openSession(world, {
    purpose: 'exec',
    context: input.context,
    make: {},
    command: input.command,
    environmentFile: input.env,
    ...defined({ limits: limitsOf(input) }),
  });
  return performInPlace(opened, world);
}
