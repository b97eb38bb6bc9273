import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHex } from '../../src/git/oid.js';
import { OidTable } from '../../src/git/oid-table.js';

const oid = fc
  .tuple(fc.integer({ min: 1, max: 5000 }), fc.constantFrom('00', 'ff', '7f'))
  .map(([number, end]) => fromHex(number.toString(16).padStart(8, '0') + end.repeat(16)));

test('a table answers as a map does, also when it was written down and read again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(oid, oid), { maxLength: 3000, size: 'max' }), (pairs) => {
      const [table, map] = [new OidTable('map'), new Map<string, string>()];
      for (const [key, value] of pairs) {
        expect(table.add(key, value)).toBe(!map.has(key));
        map.set(key, value);
      }
      const again = new OidTable('map', table.entries());
      expect(table.entries()).toHaveLength(10 * map.size);
      for (const [key] of pairs) expect([table.get(key), again.get(key)]).toEqual([map.get(key), map.get(key)]);
      expect(again.get(fromHex('ab'.repeat(20)))).toBeUndefined();
    }),
    { numRuns: 20 },
  );
});

test('a set knows what was added', () => {
  const set = new OidTable('set');
  const all = Array.from({ length: 5000 }, (_, index) =>
    fromHex((index + 1).toString(16).padStart(40, '0').split('').toReversed().join('')),
  );
  for (const one of all)
    expect([set.has(one), set.add(one), set.add(one), set.has(one)]).toEqual([false, true, false, true]);
});
