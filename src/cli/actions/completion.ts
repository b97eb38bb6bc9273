import { answer } from '../answer.js';
import { completionScript, type ShellName } from '../shell/completions.js';
import type { World } from '../world.js';

export async function completion({ shell }: { readonly shell: ShellName }, world: World): Promise<number> {
  const code = completionScript(shell);
  answer(world, { shell, code }, () => code);
  return 0;
}
