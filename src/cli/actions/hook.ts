import { answer } from '../answer.js';
import type { ShellName } from '../shell/completions.js';
import { hookScript } from '../shell/hooks.js';
import type { World } from '../world.js';

export async function hook({ shell }: { readonly shell: ShellName }, world: World): Promise<number> {
  const code = hookScript(shell);
  answer(world, { shell, code }, () => code);
  return 0;
}
