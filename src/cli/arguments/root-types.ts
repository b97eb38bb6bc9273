import type { Limit } from '../../observe/limits.js';
import type { ValueType } from '../declaration.js';
import { memorySize } from './types.js';

export const rootPath: ValueType<string> = {
  placeholder: 'ROOT',
  expected: 'a directory',
  parse: (text) => (text === '' ? undefined : text),
  complete: 'directory',
};

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Milliseconds. */
export const duration: ValueType<number> = {
  placeholder: 'TIME',
  expected: 'a time such as 30s, 10m, 2h or 1d',
  parse: (text) => {
    const [, digits = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
    const milliseconds = Number(digits) * (units[unit] ?? 0) * 1000;
    // Beyond 24 days a timer of the language would fire at once.
    return milliseconds > 0 && milliseconds < 2 ** 31 ? milliseconds : undefined;
  },
  complete: ['1m', '10m', '1h', '1d'],
};

export const jobCount: ValueType<number> = {
  placeholder: 'N',
  expected: 'a number of directories such as 4',
  parse: (text) => (/^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined),
  complete: ['1', '2', '4', '8'],
};

export const enabledPath: ValueType<string> = {
  placeholder: "'N PATH'",
  expected: "a number of levels and a path, such as '1 data/raw'",
  parse: (text) => (text.trim() === '' ? undefined : text),
  complete: 'none',
};

export const patternSource: ValueType<string> = {
  placeholder: 'FILE|LINE',
  expected: "a file of lines, or a line such as 'repo data/*'",
  parse: (text) => (text.trim() === '' ? undefined : text),
  complete: 'file',
};

export const policySource: ValueType<string> = {
  placeholder: 'POLICY|FILE|LINE',
  expected: "a policy for all, a file of lines, or a line such as 'bundle-subdirs data/*'",
  parse: (text) => (text.trim() === '' ? undefined : text),
  complete: ['enter-subdirs', 'bundle-subdirs', 'ignore-subdirs', 'ignore-most'],
};

/** The word that takes away what a root has of something. */
export const none = 'none';

export const limit: ValueType<Limit | typeof none> = {
  placeholder: 'LIMIT',
  expected: "a limit such as entries=1000000, bytes=4T, data/raw:entries=5000,bytes=1G, or 'none'",
  parse: parseLimit,
  complete: 'none',
};

function parseLimit(text: string): Limit | typeof none | undefined {
  if (text === none) return none;
  const [, path = '', numbers = ''] = /^(?:(.*):)?([^:]*)$/s.exec(text) ?? [];
  const prefix = path.replace(/^(?:\.\/)+|\/+$/g, '');
  if (prefix.startsWith('/') || prefix.split('/').includes('..')) return undefined;
  const limit: { prefix: string; entries?: number; bytes?: number } = { prefix: prefix === '.' ? '' : prefix };
  for (const part of numbers.split(',')) {
    const [, key, value = ''] = /^(entries|bytes)=(.+)$/.exec(part) ?? [];
    const number = key === 'bytes' ? memorySize.parse(value) : /^\d{1,15}$/.test(value) ? Number(value) : undefined;
    if (number === undefined) return undefined;
    if (key === 'bytes') limit.bytes = number;
    else limit.entries = number;
  }
  return limit;
}
