import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Vector } from '../../src/live/ids.js';
import {
  beyond,
  covers,
  decodeVersion,
  encodeVersion,
  intersection,
  sameVector,
  sameVersion,
  toVersion,
  union,
} from '../../src/live/version.js';

const replica = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const vector: fc.Arbitrary<Vector> = fc
  .array(fc.tuple(fc.oneof(fc.integer({ min: 1, max: 4 }), replica), fc.oneof(fc.nat(5), fc.nat(2 ** 31 - 1))), {
    maxLength: 6,
  })
  .map((list) => new Map(list));
const version = fc.record({ epoch: fc.record({ time: fc.integer({ min: 1, max: 2 ** 52 }), replica }), vector });

test('a version comes back from its bytes, which are the same for the same version, and both forms are taken', () => {
  fc.assert(
    fc.property(version, (one) => {
      const bytes = encodeVersion(one);
      expect(sameVersion(decodeVersion(bytes), one)).toBe(true);
      expect(toVersion(bytes)).toEqual(decodeVersion(bytes));
      expect(toVersion(one)).toBe(one);
      const turned = { epoch: one.epoch, vector: new Map([...one.vector].toReversed()) };
      expect(encodeVersion(turned)).toEqual(bytes);
    }),
  );
});

test('bytes that are no version are an error that says so, whatever they are', () => {
  fc.assert(
    fc.property(version, fc.uint8Array({ maxLength: 30 }), fc.nat(), (one, noise, at) => {
      const bytes = encodeVersion(one);
      expect(() => decodeVersion(bytes.subarray(0, at % bytes.length))).toThrow('no version');
      expect(() => decodeVersion(Uint8Array.of(...bytes, 0))).toThrow('no version');
      expect(() => decodeVersion(Uint8Array.of(2, ...noise))).toThrow('another format');
      try {
        expect(encodeVersion(decodeVersion(noise))).toEqual(noise);
      } catch (error) {
        expect(error).toMatchObject({ name: 'LiveError', code: 'ARGUMENT_INVALID' });
      }
    }),
  );
  expect(() => encodeVersion({ epoch: { time: 1, replica: 0 }, vector: new Map() })).toThrow('A replica');
  expect(() => encodeVersion({ epoch: { time: 1, replica: 1 }, vector: new Map([[1, -1]]) })).toThrow('A seq');
});

test('versions are sets: covering, union, intersection and what lies beyond agree with sets of operations', () => {
  const small = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(4)), { maxLength: 4 })
    .map((list) => new Map(list));
  const setOf = (of: Vector) =>
    new Set([...of].flatMap(([one, seq]) => Array.from({ length: seq }, (_, at) => `${one}.${at + 1}`)));
  fc.assert(
    fc.property(small, small, (a, b) => {
      const [left, right] = [setOf(a), setOf(b)];
      expect(covers(a, b)).toBe([...right].every((one) => left.has(one)));
      expect(sameVector(a, b)).toBe(left.size === right.size && covers(a, b));
      expect(setOf(union(a, b))).toEqual(new Set([...left, ...right]));
      expect(setOf(intersection(a, b))).toEqual(new Set([...left].filter((one) => right.has(one))));
      const spans = beyond(a, b);
      const listed = spans.flatMap(({ replica: one, after, upTo }) =>
        Array.from({ length: upTo - after }, (_, at) => `${one}.${after + at + 1}`),
      );
      expect(new Set(listed)).toEqual(new Set([...left].filter((one) => !right.has(one))));
      expect(spans.map((span) => span.replica)).toEqual(spans.map((span) => span.replica).sort((x, y) => x - y));
    }),
  );
});
