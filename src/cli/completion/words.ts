import { type Declaration, type Option, optionName, type Positional } from '../declaration.js';

/** Where on a command line one stands, and so what may follow. */
export type Place =
  | { readonly kind: 'command' }
  | { readonly kind: 'option' }
  | { readonly kind: 'value'; readonly option: Option<unknown>; readonly prefix: string; readonly text: string }
  | { readonly kind: 'positional'; readonly positional: Positional<unknown> }
  /** Inside somebody else's command line, which begins at this word (`mzr` is 0). */
  | { readonly kind: 'foreign'; readonly from: number }
  | { readonly kind: 'nothing' };

/** A word and its place among the words as the shell counts them. */
export interface Word {
  readonly text: string;
  readonly index: number;
}

/** bash breaks words at `=` (COMP_WORDBREAKS): `--cpu = 1` is one word again. */
export function joinAtEquals(words: readonly string[]): readonly Word[] {
  const joined: Word[] = [];
  let open = false;
  for (const [index, text] of words.entries()) {
    const last = joined.at(-1);
    if (last !== undefined && (open || (text === '=' && last.text.startsWith('--')))) {
      joined[joined.length - 1] = { text: last.text + text, index: last.index };
      open = text === '=';
    } else {
      joined.push({ text, index });
      open = false;
    }
  }
  return joined;
}

/** What the last of `words` may be; they come after `mzr NAME`. */
export function placeOf(declaration: Declaration, words: readonly Word[]): Place {
  const options = new Map(Object.entries(declaration.options).map(([key, option]) => [`--${optionName(key)}`, option]));
  const takesValue = (text: string): Option<unknown> | undefined => {
    const option = options.get(text);
    return option?.shape === 'value' || option?.shape === 'list' ? option : undefined;
  };
  const positionals = Object.values(declaration.positionals);
  let at = 0;
  let ended = false;
  let pending: Option<unknown> | undefined;
  for (const { text, index } of words.slice(0, -1)) {
    if (pending !== undefined) pending = undefined;
    else if (!ended && text === '--') ended = true;
    else if (!ended && text.startsWith('-') && text !== '-') pending = takesValue(text);
    else {
      if (declaration.passesOn === true && positionals[at]?.many === true) return { kind: 'foreign', from: index };
      ended ||= declaration.passesOn === true;
      if (positionals[at]?.many !== true) at += 1;
    }
  }
  const last = words.at(-1);
  if (last === undefined) return { kind: 'nothing' };
  if (pending !== undefined) return { kind: 'value', option: pending, prefix: '', text: last.text };
  const [, head = '', text = ''] = /^(--[^=]+)=(.*)$/s.exec(last.text) ?? [];
  const assigned = ended ? undefined : options.get(head);
  if (assigned?.type !== undefined) return { kind: 'value', option: assigned, prefix: `${head}=`, text };
  if (!ended && last.text.startsWith('-')) return { kind: 'option' };
  const positional = positionals[at];
  if (positional === undefined) return { kind: 'nothing' };
  if (positional.type.complete === 'command') return { kind: 'foreign', from: last.index };
  return { kind: 'positional', positional };
}
