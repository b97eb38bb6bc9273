import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromText, pathFrom, toBytes, toDisplay, toText } from '../../src/model/tree-path.js';

/** The path in the tree, the root's where there is none. */
const answerFor = (typed: string): string => {
  try {
    return pathFrom('/top/tree', '/top/tree/a', typed);
  } catch {
    return '';
  }
};

describe('a path that was typed', () => {
  test.each([
    ['a', 'sub/a'],
    ['./a', 'sub/a'],
    ['../a', 'a'],
    ['..', ''],
    ['.', 'sub'],
    ['deep//er/', 'sub/deep/er'],
    ['/top/tree/x', 'x'],
    ['/top/tree', ''],
    ['../../tree/x', 'x'],
  ])('%s means %j to one who stands in sub', (typed, path) => {
    expect(pathFrom('/top/tree', '/top/tree/sub', typed)).toBe(path);
  });

  test.each(['../..', '/etc/passwd', '../../treetop/x', '/', 'a\0b'])(
    '%j leads out of the tree and is refused',
    (typed) => {
      expect(() => pathFrom('/top/tree', '/top/tree/sub', typed)).toThrowError(
        expect.objectContaining({ code: 'E_PATH_INVALID', group: 'usage' }),
      );
    },
  );

  test('whatever is typed, the answer lies in the tree or there is none', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', 'tree'), fc.string());
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const path = answerFor(parts.join('/'));
        expect(path === '' || path.split('/').every((name) => !['', '.', '..'].includes(name))).toBe(true);
      }),
    );
  });
});

test('any text becomes bytes and comes back; what is no text is shown with escapes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(toText(fromText(text))).toBe(text);
      expect(Buffer.from(toBytes(fromText(text)))).toEqual(Buffer.from(text));
    }),
  );
  expect(toText('\u00ff')).toBeUndefined();
  expect(toDisplay('a\u00ff\n')).toBe('"a\\377\\n"');
});
