import { catalogue } from '../catalogue.js';
import { groups } from '../declaration.js';
import type { Style } from '../reporter/style.js';
import { pairs } from './wrap.js';

/** All commands by what they are for. */
export function overview(style: Style): string {
  const parts = Object.entries(groups).map(([group, title]) => {
    const entries = catalogue
      .filter((declaration) => declaration.group === group)
      .map(({ name, summary }) => [name, summary] as const);
    return `\n${style.bold(title)}\n${pairs(entries)}`;
  });
  return `${style.bold('mzr')}: many working trees of a repository at one path

usage: mzr COMMAND [OPTIONS] …
       mzr help COMMAND      options and examples of a command
       mzr --version
${parts.join('')}`;
}
