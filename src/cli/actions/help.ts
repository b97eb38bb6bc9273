import { catalogue, findCommand } from '../catalogue.js';
import { answer } from '../answer.js';
import { usage } from '../arguments/parse.js';
import { type Command, isFamily } from '../declaration.js';
import { familyPage } from '../help/family-page.js';
import { overview } from '../help/overview.js';
import { page } from '../help/page.js';
import { optionWord, usageLine } from '../help/usage-line.js';
import type { World } from '../world.js';

export async function help(input: { readonly command: readonly string[] }, world: World): Promise<number> {
  const { style } = world.out;
  if (input.command.length === 0) {
    answer(world, { commands: catalogue.map(describe) }, () => overview(style));
    return 0;
  }
  const { command, words } = findCommand(input.command);
  if (words.length > 0 && !isFamily(command)) throw usage(command, `'${words[0]}' is one word too many.`);
  answer(world, describe(command), () => (isFamily(command) ? familyPage(command, style) : page(command, style)));
  return 0;
}

function describe(command: Command): unknown {
  const { name, summary, description } = command;
  if (isFamily(command)) return { name, summary, description, commands: command.members.map(describe) };
  const options = Object.entries(command.options).map(([key, option]) => ({
    option: optionWord(key, option),
    summary: option.summary,
  }));
  return { name, summary, usage: usageLine(command), description, options, examples: command.examples };
}
