import { checkName } from '../../model/context-name.js';
import { answer, ask, remark } from '../answer.js';
import { shown } from '../reporter/human.js';
import type { World } from '../world.js';

interface SwitchInput {
  readonly context: string;
  readonly branch: boolean;
}

export async function switchTo({ context, branch }: SwitchInput, world: World): Promise<number> {
  if (!branch && context !== '-') checkName(context);
  const result = await ask(world, 'session/switch', { cwd: world.cwd(), context, branch });
  remark(world, result.notes);
  const seen =
    context === '-' && !branch ? 'the host view' : `the context ${result.context}${result.made ? ', new' : ''}`;
  // The shell integration sets the variable and changes directory itself.
  const hooked = (world.env['MIZER_HOOK'] ?? '') !== '';
  const next = hooked ? '.' : '; to go into it with this shell, type: cd "$PWD"';
  answer(world, result, () => `This session now sees ${seen} at ${shown(result.workTree)}${next}\n`);
  return 0;
}
