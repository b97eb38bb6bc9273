import { type Family, ownWord } from '../declaration.js';
import type { Style } from '../reporter/style.js';
import { pairs, wrap } from './wrap.js';

/** The help of commands under a common first word. */
export function familyPage(family: Family, style: Style): string {
  const title = `mzr ${family.name}`;
  const members = family.members.map((member) => [ownWord(member), member.summary] as const);
  const sections = [
    `${wrap(`${title}: ${family.summary}`, '').replace(title, style.bold)}\n`,
    `usage: ${title} COMMAND [OPTIONS] …\n       mzr help ${family.name} COMMAND      options and examples of a command\n`,
    ...family.description.map((paragraph) => `${wrap(paragraph, '')}\n`),
    `${style.bold('Commands')}\n${pairs(members)}`,
  ];
  return sections.join('\n');
}
