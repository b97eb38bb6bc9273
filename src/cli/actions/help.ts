import { catalogue, findCommand } from '../catalogue.js';
import { answer } from '../answer.js';
import type { Declaration } from '../declaration.js';
import { overview } from '../help/overview.js';
import { page } from '../help/page.js';
import { optionWord, usageLine } from '../help/usage-line.js';
import type { World } from '../world.js';

export async function help(input: { readonly command: string | undefined }, world: World): Promise<number> {
  if (input.command === undefined) {
    answer(world, { commands: catalogue.map(describe) }, () => overview(world.out.style));
    return 0;
  }
  const declaration = findCommand(input.command);
  answer(world, describe(declaration), () => page(declaration, world.out.style));
  return 0;
}

function describe(declaration: Declaration): unknown {
  const { name, summary, description, examples } = declaration;
  const options = Object.entries(declaration.options).map(([key, option]) => ({
    option: optionWord(key, option),
    summary: option.summary,
  }));
  return { name, summary, usage: usageLine(declaration), description, options, examples };
}
