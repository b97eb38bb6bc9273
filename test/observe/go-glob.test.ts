import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromText } from '../../src/model/tree-path.js';
import { readGlob } from '../../src/observe/go-glob.js';

/** What `path.Match` answers; `undefined` for its `ErrBadPattern`. */
function match(pattern: string, name: string): boolean | undefined {
  return readGlob(fromText(pattern))?.matches(fromText(name));
}

/** The table of Go's own test of `path.Match`. */
const table: readonly (readonly [pattern: string, name: string, answer: boolean | undefined])[] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'abc', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^b-d]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['a[^a][^a][^a]b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['a*b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-]', '-', true],
  ['[x\\-]', 'x', true],
  ['[x\\-]', '-', true],
  ['[x\\-]', 'z', false],
  ['[\\-x]', 'x', true],
  ['[\\-x]', '-', true],
  ['[\\-x]', 'a', false],
  ['[]a]', ']', undefined],
  ['[-]', '-', undefined],
  ['[x-]', 'x', undefined],
  ['[x-]', '-', undefined],
  ['[x-]', 'z', undefined],
  ['[-x]', 'x', undefined],
  ['[-x]', '-', undefined],
  ['[-x]', 'a', undefined],
  ['\\', 'a', undefined],
  ['[a-b-c]', 'a', undefined],
  ['[', 'a', undefined],
  ['[^', 'a', undefined],
  ['[^bc', 'a', undefined],
  ['a[', 'a', undefined],
  ['a[', 'ab', undefined],
  ['a[', 'x', undefined],
  ['a/b[', 'x', undefined],
  ['*x', 'xxx', true],
];

test.each(table)('Go says of %j and %j: %j', (pattern, name, answer) => {
  expect(match(pattern, name)).toBe(answer);
});

test('a class may match a slash, as in Go', () => {
  expect(match('a[^b]c', 'a/c')).toBe(true);
  expect(match('a[+-0]c', 'a/c')).toBe(true);
});

test('a star is not tried again when what follows the next star fits nowhere, as in Go', () => {
  // A search that goes back would let the star take `a` and the class the slash.
  expect(match('*[^x]*b', 'a/b')).toBe(false);
});

test('a star skips bytes, not characters, and what is left of one is a rune for each byte, as in Go', () => {
  expect(match('*??', '\u{1f600}')).toBe(true);
  expect(match('??', '\u{1f600}')).toBe(false);
  expect(match('?', '\u{1f600}')).toBe(true);
});

test('a byte that is not UTF-8 is one rune, which Go reads as U+FFFD', () => {
  expect(readGlob('a?b')?.matches('a\u00ffb')).toBe(true);
  expect(readGlob('a??b')?.matches('a\u00ed\u00a0b'), 'half of a surrogate is two bytes').toBe(true);
  expect(readGlob('a?b')?.matches('a\u00e2\u0098\u00bab'), 'the bytes of ☺ are one rune').toBe(true);
  expect(readGlob(fromText('[\ufffd]'))?.matches('\u00c0')).toBe(true);
  expect(readGlob('[\u00ff]'), 'in a class of the pattern it is an error').toBeUndefined();
});

const unit = fc.constantFrom('a', 'b', '/', '*', '?', '[', ']', '^', '-', '\\', '.', 'ζ', '☺', '\u{1f600}');
const anyPattern = fc.array(unit, { maxLength: 10 }).map((units) => units.join(''));
const anyName = fc
  .array(fc.constantFrom('a', 'b', '/', '*', '[', '-', '.', 'ζ', '☺', '\u{1f600}'), { maxLength: 8 })
  .map((units) => units.join(''));

test('a pattern with everything escaped matches the one name it spells', () => {
  fc.assert(
    fc.property(anyName, anyName, (name, other) => {
      const pattern = name.replace(/[*?[\\]/g, '\\$&');
      expect(match(pattern, name)).toBe(true);
      expect(match(pattern, other)).toBe(name === other);
    }),
  );
});

test('without classes the answer is that of a regular expression', () => {
  const plain = fc
    .array(fc.constantFrom('a', 'b', '/', '*', '?', '☺'), { maxLength: 8 })
    .map((units) => units.join(''));
  fc.assert(
    fc.property(plain, anyName, (pattern, name) => {
      // A star skips bytes, so that behind it ? may be a part of a character: see above.
      fc.pre(!/\*.*\?/.test(pattern) || /^[ -~]*$/.test(name));
      const source = pattern.replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
      expect(match(pattern, name)).toBe(new RegExp(`^(?:${source})$`, 'u').test(name));
    }),
    { numRuns: 1000 },
  );
});

test('stars match no slash: pattern and name have as many, if no class is there', () => {
  fc.assert(
    fc.property(anyPattern, anyName, (pattern, name) => {
      fc.pre(!pattern.includes('['));
      const slashes = (text: string): number => text.split('/').length;
      if (match(pattern, name) === true) expect(slashes(name)).toBe(slashes(pattern));
    }),
  );
});

test('whether a pattern is malformed does not depend on the name, and no pattern hangs or throws', () => {
  fc.assert(
    fc.property(anyPattern, fc.array(anyName, { maxLength: 5 }), (pattern, names) => {
      const glob = readGlob(fromText(pattern));
      for (const name of names) expect(match(pattern, name) === undefined).toBe(glob === undefined);
    }),
    { numRuns: 1000 },
  );
});

test('a pattern of many stars does not take exponential time, which would outlast any test', () => {
  expect(match(`${'a*'.repeat(60)}b`, 'a'.repeat(4000))).toBe(false);
});
