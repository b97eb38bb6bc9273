import { checkName } from '../../model/context-name.js';
import { fromText, type TreePath } from '../../model/tree-path.js';
import type { Completion, ValueType } from '../declaration.js';

function named(placeholder: string, complete: Completion): ValueType<string> {
  return { placeholder, expected: 'a name', parse: checkName, complete };
}

/** A context that exists. */
export const contextName = named('CONTEXT', 'context');
/** A context that may be made. */
export const newName = named('NAME', 'none');
export const snapshotName = named('SNAPSHOT', 'snapshot');
/** What a context can be forked from. */
export const origin: ValueType<string> = {
  placeholder: 'CONTEXT|SNAPSHOT',
  expected: 'a context, a snapshot, or - for the host view',
  parse: (text) => (text === '-' ? text : checkName(text)),
  complete: 'context-or-snapshot',
};

/** What `mzr drop` takes. */
export const droppable: ValueType<string> = {
  placeholder: 'CONTEXT|SNAPSHOT',
  expected: 'a name',
  parse: checkName,
  complete: 'context-or-snapshot',
};

/** What `mzr switch` takes: with `--branch` a branch, which may hold slashes, so the action checks contexts' names. */
export const switchTarget: ValueType<string> = {
  placeholder: 'CONTEXT',
  expected: 'a context, a branch with --branch, or - for the host view',
  parse: (text) => (text === '-' || plainWord(text) !== undefined ? text : undefined),
  complete: 'context-or-branch',
};

/** The rest is git's to judge (git-check-ref-format); a leading dash would be an option to it. */
function plainWord(text: string): string | undefined {
  return text === '' || text.startsWith('-') || text.includes('\0') ? undefined : text;
}

export const branchName: ValueType<string> = {
  placeholder: 'BRANCH',
  expected: 'the name of a branch',
  parse: plainWord,
  complete: 'branch',
};

export const revision: ValueType<string> = {
  placeholder: 'REV',
  expected: 'a commit, branch or tag',
  parse: plainWord,
  complete: 'branch',
};

/** A path as typed, kept as bytes. */
export const path: ValueType<TreePath> = {
  placeholder: 'PATH',
  expected: 'a path in the work tree',
  parse: (text) => (text === '' ? undefined : fromText(text)),
  complete: 'file',
};

export const file: ValueType<string> = {
  placeholder: 'FILE',
  expected: 'a file',
  parse: (text) => (text === '' ? undefined : text),
  complete: 'file',
};

export const directory: ValueType<string> = {
  ...file,
  placeholder: 'DIR',
  expected: 'a directory',
  complete: 'directory',
};

/** A word of somebody else's command line: anything, the empty word too. */
export const word: ValueType<string> = {
  placeholder: 'COMMAND',
  expected: 'a command',
  parse: (text) => text,
  complete: 'command',
};

/** One of a few words. */
export function choice<const W extends readonly string[]>(placeholder: string, words: W): ValueType<W[number]> {
  const expected = `one of ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return { placeholder, expected, parse: (text) => words.find((candidate) => candidate === text), complete: words };
}

/** Hundredths of one core. */
export const cpuShare: ValueType<number> = {
  placeholder: 'PERCENT',
  expected: 'a share of one core such as 150% (one and a half cores)',
  parse: (text) => {
    const digits = /^(\d{1,6})%$/.exec(text)?.[1];
    return positive(Number(digits));
  },
  complete: ['50%', '100%', '150%', '200%'],
};

const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Bytes; K, M, G and T are powers of 1024, as in control groups. */
export const memorySize: ValueType<number> = {
  placeholder: 'SIZE',
  expected: 'a size such as 512M or 4G',
  parse: (text) => {
    const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,3})?)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
    if (digits === undefined) return undefined;
    return positive(Math.round(Number(digits) * (units[(unit ?? '').toUpperCase()] ?? Number.NaN)));
  },
  complete: ['512M', '1G', '2G', '4G', '8G'],
};

export const processCount: ValueType<number> = {
  placeholder: 'NUMBER',
  expected: 'a number of processes such as 500',
  parse: (text) => (/^\d{1,7}$/.test(text) ? positive(Number(text)) : undefined),
  complete: ['100', '500', '1000'],
};

/** Or the word with which control groups take a limit away. */
export function liftable(type: ValueType<number>): ValueType<number> {
  return {
    ...type,
    expected: `${type.expected}, or max for no limit`,
    parse: (text) => (text === 'max' ? Number.POSITIVE_INFINITY : type.parse(text)),
  };
}

function positive(number: number): number | undefined {
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
