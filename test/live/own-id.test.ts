import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { abbreviate, idBytes, isAbbreviated, restore } from '../../src/live/wire/own-id.js';

const replica = fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.constantFrom(1, 127, 128, 16_383, 16_384));

test('an update is the same after its author was taken out and put back, and there is one way to take it out', () => {
  fc.assert(
    fc.property(replica, fc.array(fc.option(fc.uint8Array({ maxLength: 70 }), { freq: 2 })), (own, parts) => {
      const id = idBytes(own);
      const update = Uint8Array.from(parts.flatMap((part) => [...(part ?? id)]));
      const short = abbreviate(update, id);
      expect(restore(short, id)).toEqual(update);
      expect(isAbbreviated(update, short.gaps, id)).toBe(true);
      expect(short.end - short.start + short.gaps.length * id.length).toBe(update.length);
      if (id.length >= 3)
        expect(short.gaps.length).toBeGreaterThanOrEqual(parts.filter((part) => part === null).length);
      if (short.gaps.length === 0) return;
      expect(isAbbreviated(update, [], id)).toBe(false);
      expect(isAbbreviated(update, short.gaps.slice(0, -1), id)).toBe(false);
      expect(
        isAbbreviated(
          update,
          short.gaps.map((gap) => gap + 1),
          id,
        ),
      ).toBe(false);
    }),
  );
});
