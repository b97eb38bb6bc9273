import { value, type ValueType } from '../declaration.js';
import { directory, file } from './types.js';

/** Something in a real directory, a real directory, or a shadow repository. */
export const observedPath: ValueType<string> = { ...file, placeholder: 'PATH', expected: 'a path' };

export const depth: ValueType<number> = {
  placeholder: 'N',
  expected: 'a number of levels, or all',
  parse: (text) => (text === 'all' ? Infinity : /^\d{1,6}$/.test(text) ? Number(text) : undefined),
  complete: ['0', '1', '2', '3', 'all'],
};

/** What it means is git's to say. */
export const moment: ValueType<string> = {
  placeholder: 'REV|DATE',
  expected: 'a revision of master-stat or a date',
  parse: (text) => (text === '' || text.includes('\0') ? undefined : text),
  complete: ['yesterday', 'monday', '1 week ago', '1 month ago'],
};

export const htmlFile: ValueType<string> = { ...file, expected: 'a file to write' };

export const shadowRootOption = value(directory, 'where shadow repositories lie (default: $MIZER_SHADOW_ROOT)');

export const metadataKey: ValueType<string> = {
  placeholder: 'KEY',
  expected: 'a key',
  parse: (text) => (text === '' ? undefined : text),
  complete: 'none',
};

/** A key and what is to stand there, as it was typed; nothing takes it away. */
export const assignment: ValueType<{ readonly key: string; readonly text: string }> = {
  placeholder: 'KEY=JSON',
  expected: 'a key, = and a JSON value',
  parse: (text) => {
    const at = text.indexOf('=');
    return at < 1 ? undefined : { key: text.slice(0, at), text: text.slice(at + 1) };
  },
  complete: 'none',
};
