import { type Declaration, type Option, optionName, type Positional } from '../declaration.js';

/** `mzr exec [OPTIONS] CONTEXT [--] COMMAND…` */
export function usageLine(declaration: Declaration): string {
  const options = Object.keys(declaration.options).length > 0 ? ['[OPTIONS]'] : [];
  const words = Object.values(declaration.positionals).flatMap((positional) => {
    const separator = declaration.passesOn === true && positional.many ? ['[--]'] : [];
    return [...separator, positionalWord(positional)];
  });
  return ['mzr', declaration.name, ...options, ...words].join(' ');
}

function positionalWord({ type, least, many }: Positional<unknown>): string {
  const word = many ? `${type.placeholder}…` : type.placeholder;
  return least === 0 ? `[${word}]` : word;
}

/** `-b, --branch BRANCH` */
export function optionWord(key: string, option: Option<unknown>): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const placeholder = option.type?.placeholder;
  if (placeholder === undefined) return `${short}--${optionName(key)}`;
  const given = option.shape === 'optional-value' ? `[=${placeholder}]` : ` ${placeholder}`;
  return `${short}--${optionName(key)}${given}`;
}

/** The options that every command has. */
export function commonOptions(declaration?: Declaration): readonly (readonly [word: string, summary: string])[] {
  const answer = declaration?.streams === true ? 'a JSON document a line' : 'one JSON document';
  return [
    ['--json', `answer with ${answer}; errors too, on standard error`],
    ['-h, --help', 'this help'],
  ];
}

/** What exit statuses mean everywhere, below what the command itself declares. */
export const usualExits: Readonly<Record<string, string>> = {
  '0': 'done',
  '2': 'wrong usage',
  '3': 'refused or failed',
};
