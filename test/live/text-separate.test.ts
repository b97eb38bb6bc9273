import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../src/live/text/edits.js';
import type { AuthoredUpdate } from '../../src/live/text/engine.js';
import { TextUpdateRefused } from '../../src/live/text/engine.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';

/** What a slow model knows of one update: every character is another. */
interface Known extends AuthoredUpdate {
  readonly inserted: readonly string[];
  readonly deleted: readonly string[];
}

const SEED = '0123456789';
const replica = fc.integer({ min: 1, max: 3 });
const step = fc.record({
  author: replica,
  wishes: fc.array(fc.nat(60), { minLength: 2, maxLength: 6 }),
  length: fc.nat(3),
  hearsAll: fc.boolean(),
});

/** Histories of three replicas; each hears of all that was made before, or of nothing new. */
function play(steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]): Known[] {
  const texts = [1, 2, 3].map((author) => ({ author, text: yjsEngine.open(author, SEED), heard: 0 }));
  const log: Known[] = [];
  let made = 0;
  for (const { author, wishes, length, hearsAll } of steps) {
    const one = texts[author - 1];
    if (one === undefined) continue;
    if (hearsAll) {
      for (const entry of log.slice(one.heard)) one.text.apply(entry.update, entry.author);
      one.heard = log.length;
    }
    const before = one.text.text();
    const offsets = wishes.map((wish) => wish % (before.length + 1)).toSorted((a, b) => a - b);
    const edits = [];
    for (let at = 0; at + 1 < offsets.length; at += 2) {
      const text = Array.from({ length }, (_, index) => String.fromCodePoint(0x4e00 + made + index)).join('');
      made += length;
      edits.push({ start: offsets[at] ?? 0, end: offsets[at + 1] ?? 0, text });
    }
    const update = one.text.edit(edits);
    if (update === undefined) continue;
    log.push({
      author,
      update,
      inserted: edits.flatMap(({ text }) => Array.from(text)),
      deleted: edits.flatMap(({ start, end }) => Array.from(before.slice(start, end))),
    });
  }
  return log;
}

describe('a separated history', () => {
  it('has the text as it was settled, and of the rest just what is one’s own, character by character', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), replica, (steps, cut, me) => {
        const log = play(steps);
        const settled = log.slice(0, cut);
        const rest = log.slice(cut);
        const { before, edits } = yjsEngine.separate(SEED, settled, rest, (index) => rest[index]?.author === me);
        const then = yjsEngine.open(9, SEED);
        expect(then.applyAll(settled).refused).toEqual([]);
        expect(before).toBe(then.text());
        const after = applyEdits(before, edits);
        const mine = rest.filter(({ author }) => author === me);
        const deletedByMe = new Set(mine.flatMap(({ deleted }) => deleted));
        const deletedByAny = new Set(rest.flatMap(({ deleted }) => deleted));
        const expected = [
          ...Array.from(before).filter((one) => !deletedByMe.has(one)),
          ...mine.flatMap(({ inserted }) => inserted).filter((one) => !deletedByAny.has(one)),
        ];
        expect(Array.from(after).toSorted()).toEqual(expected.toSorted());
        // What is left stands in the order in which it stands with all that others did.
        then.applyAll(rest);
        const all = then.text();
        const both = new Set(Array.from(after).filter((one) => all.includes(one)));
        const only = (text: string): string[] => Array.from(text).filter((one) => both.has(one));
        expect(only(after)).toEqual(only(all));
      }),
      { numRuns: 500 },
    );
  });

  it('counts as one’s own what undoing put back, and what one deleted of the settled text', () => {
    const one = yjsEngine.open(1, 'base');
    const settled = [{ author: 1, update: one.edit([{ start: 4, end: 4, text: ' line' }]) ?? new Uint8Array() }];
    one.checkpoint();
    const updates = [one.edit([{ start: 0, end: 2, text: '' }]), one.undo()?.update];
    one.checkpoint();
    updates.push(one.edit([{ start: 4, end: 9, text: '' }]));
    const rest = updates.flatMap((update) => (update === undefined ? [] : [{ author: 1, update }]));
    expect(rest).toHaveLength(3);
    const { before, edits } = yjsEngine.separate('base', settled, rest, () => true);
    expect(before).toBe('base line');
    expect(applyEdits(before, edits)).toBe(one.text());
    expect(yjsEngine.separate('base', settled, rest, () => false)).toEqual({ before: 'base line', edits: [] });
  });

  it('with an update that does not belong is refused', () => {
    const update =
      yjsEngine.open(1, 'a longer beginning').edit([{ start: 12, end: 12, text: 'x' }]) ?? new Uint8Array();
    expect(() => yjsEngine.separate('short', [], [{ author: 1, update }], () => true)).toThrow(TextUpdateRefused);
  });
});
