import { MizerError } from '../model/errors.js';
import { toDisplay, type TreePath } from '../model/tree-path.js';
import { readGlob, type GoGlob } from './go-glob.js';

/** A line `<word> <glob>` of patterns or of an init policy. */
export interface RuleLine<W extends string> {
  readonly word: W;
  readonly glob: GoGlob;
  /** From 1. */
  readonly line: number;
}

/**
 * Reads lines `<word> <glob>`. Blanks around both are dropped; empty lines and lines that begin with `#` say nothing.
 * @param text a byte string
 * @param words those that may stand first
 * @param what the lines are called in errors: `pattern`
 * @throws MizerError `E_PATTERN_INVALID` naming the line
 */
export function readRuleLines<const W extends string>(text: string, words: readonly W[], what: string): RuleLine<W>[] {
  const rules: RuleLine<W>[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const trimmed = trimBlanks(raw);
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const line = index + 1;
    const [, first = '', rest = ''] = /^([^ \t]+)[ \t]*(.*)$/s.exec(trimmed) ?? [];
    const word = words.find((one) => one === first);
    if (word === undefined) {
      throw invalid(what, line, trimmed, `it begins with none of ${words.join(', ')}`, `Write '${words[0]} GLOB'.`);
    }
    if (rest === '') throw invalid(what, line, trimmed, 'it has no glob', `Write '${word} GLOB'; the root is '.'.`);
    const glob = readGlob(rest);
    if (glob === undefined) {
      const hint =
        'A bracket must be closed, hold at least one character, and - ] \\ in it need a backslash before them.';
      throw invalid(what, line, trimmed, 'its glob is malformed', hint);
    }
    rules.push({ word, glob, line });
  }
  return rules;
}

/** The word of the first line whose glob matches a path relative to the root. */
export function firstMatch<W extends string>(rules: readonly RuleLine<W>[], path: TreePath): W | undefined {
  const name = path === '' ? '.' : path;
  return rules.find(({ glob }) => glob.matches(name))?.word;
}

function trimBlanks(line: string): string {
  return line.replace(/^[ \t]+|[ \t\r]+$/g, '');
}

function invalid(what: string, line: number, text: string, reason: string, hint: string): MizerError {
  return new MizerError('E_PATTERN_INVALID', `Line ${line} of the ${what}, ${toDisplay(text)}, is wrong: ${reason}.`, {
    group: 'usage',
    hint,
    data: { line, text: toDisplay(text) },
  });
}
