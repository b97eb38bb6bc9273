import type { Declaration } from '../declaration.js';
import type { Style } from '../reporter/style.js';
import { commonOptions, optionWord, usageLine, usualExits } from './usage-line.js';
import { pairs, wrap } from './wrap.js';

/** A command's own help. */
export function page(declaration: Declaration, style: Style): string {
  const positionals = Object.values(declaration.positionals).map(
    ({ type, summary }) => [type.placeholder, summary] as const,
  );
  const options = Object.entries(declaration.options).map(
    ([key, option]) => [optionWord(key, option), option.summary] as const,
  );
  const title = `mzr ${declaration.name}`;
  const sections = [
    `${wrap(`${title}: ${declaration.summary}`, '').replace(title, style.bold)}\n`,
    `usage: ${usageLine(declaration)}\n`,
    ...declaration.description.map((paragraph) => `${wrap(paragraph, '')}\n`),
    positionals.length === 0 ? '' : `${style.bold('Arguments')}\n${pairs(positionals)}`,
    `${style.bold('Options')}\n${pairs([...options, ...commonOptions(declaration)])}`,
    `${style.bold('Examples')}\n${declaration.examples.map(({ line, says }) => `  ${line}\n      ${says}\n`).join('')}`,
    `${style.bold('Exit status')}\n${pairs(Object.entries({ ...usualExits, ...declaration.exits }))}`,
  ];
  return sections.filter((section) => section !== '').join('\n');
}
