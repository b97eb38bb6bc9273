import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffLines, diffTexts } from '../../src/live/text/diff.js';
import { applyEdits, invertEdits, mapOffset } from '../../src/live/text/edits.js';
import type { Edit, Edits } from '../../src/live/text/engine.js';
import { rebase } from '../../src/live/text/rebase.js';

const character = fc.constantFrom('a', 'b', 'c', '\n', '\n', '😀', '😃', '\u{1f3ff}');
const text = fc.array(character, { maxLength: 40 }).map((characters) => characters.join(''));

/** A text and edits upon it that part no surrogate pair. */
const edited = fc
  .tuple(fc.array(character, { maxLength: 30 }), fc.array(fc.tuple(fc.nat(30), text), { maxLength: 6 }))
  .map(([characters, wishes]) => {
    const cuts = wishes.map(([at]) => characters.slice(0, at).join('').length).toSorted((a, b) => a - b);
    const edits: Edit[] = [];
    for (let at = 0; at + 1 < cuts.length; at += 2)
      edits.push({ start: cuts[at] ?? 0, end: cuts[at + 1] ?? 0, text: wishes[at]?.[1] ?? '' });
    return { before: characters.join(''), edits };
  });

function expectInOrder(edits: Edits, before: string): void {
  let last = 0;
  for (const { start, end } of edits) {
    expect(start).toBeGreaterThanOrEqual(last);
    expect(end).toBeGreaterThanOrEqual(start);
    last = end;
  }
  expect(last).toBeLessThanOrEqual(before.length);
}

/** Fewest code units deleted and inserted between two texts. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let x = 1; x <= a.length; x += 1) {
    const next = [x];
    for (let y = 1; y <= b.length; y += 1)
      next.push(a[x - 1] === b[y - 1] ? (row[y - 1] ?? 0) : 1 + Math.min(row[y] ?? 0, next[y - 1] ?? 0));
    row = next;
  }
  return row[b.length] ?? 0;
}

describe('the edits between two texts', () => {
  it('lead from one to the other, in order, and part no surrogate pair', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const edits = diffTexts(before, after);
        expectInOrder(edits, before);
        expect(applyEdits(before, edits)).toBe(after);
        for (const { start, end, text: inserted } of edits) {
          expect(inserted.isWellFormed()).toBe(true);
          expect(before.slice(0, start).isWellFormed()).toBe(true);
          expect(before.slice(0, end).isWellFormed()).toBe(true);
          expect(start < end || inserted !== '').toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('are the fewest characters within one line, unless little stays', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 20 });
    fc.assert(
      fc.property(line, line, (before, after) => {
        const size = diffTexts(before, after).reduce(
          (sum, { start, end, text: inserted }) => sum + end - start + inserted.length,
          0,
        );
        const fewest = distance(before, after);
        expect(size).toBeGreaterThanOrEqual(fewest);
        const kept = (before.length + after.length - fewest) / 2;
        if (kept * 3 >= Math.max(before.length, after.length)) expect(size).toBe(fewest);
      }),
      { numRuns: 1_000 },
    );
  });

  it('touch only what changed in a long text, and come for long texts that share nothing', () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index * 7919} of some length, as lines are`);
    const before = lines.join('\n');
    const after = before.replace('line 79190 ', 'LINE 79190 ').replace(`${lines[15_000]}\n`, '').concat('\nend');
    expect(diffTexts(before, after)).toHaveLength(3);
    const other = Array.from({ length: 30_000 }, (_, index) => `${index} is quite another line ${index % 7}`).join(
      '\n',
    );
    expect(applyEdits(before, diffTexts(before, other))).toBe(other);
    const everyTenth = lines.map((one, index) => (index % 10 === 0 ? `${one}!` : one)).join('\n');
    expect(diffTexts(before, everyTenth)).toHaveLength(3_000);
  });

  it('find lines that begin alike', () => {
    expect(diffTexts('\n\na', '\n\n\na')).toHaveLength(1);
    expect(diffLines('a\nb\nc\n', 'a\nc\nd\n')).toEqual([
      { start: 2, end: 4, newStart: 2, newEnd: 2 },
      { start: 6, end: 6, newStart: 4, newEnd: 6 },
    ]);
  });
});

describe('edits', () => {
  it('taken back lead to the text before', () => {
    fc.assert(
      fc.property(edited, ({ before, edits }) => {
        expect(applyEdits(applyEdits(before, edits), invertEdits(edits, before))).toBe(before);
      }),
    );
  });

  it('carry offsets along with the text on the side they hold on to', () => {
    fc.assert(
      fc.property(edited, fc.nat(60), ({ before, edits }, wish) => {
        const offset = wish % (before.length + 1);
        const after = applyEdits(before, edits);
        const low = mapOffset(offset, 'before', edits);
        const high = mapOffset(offset, 'after', edits);
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(after.length);
        const touched = edits.some(({ start, end }) => start <= offset && offset <= end);
        if (touched) return;
        expect(low).toBe(high);
        expect(after[high]).toBe(before[offset]);
      }),
      { numRuns: 500 },
    );
    expect(mapOffset(2, 'before', [{ start: 2, end: 2, text: 'xy' }])).toBe(2);
    expect(mapOffset(2, 'after', [{ start: 2, end: 2, text: 'xy' }])).toBe(4);
    expect([1, 2, 3, 4].map((at) => mapOffset(at, 'before', [{ start: 1, end: 4, text: 'xy' }]))).toEqual([1, 1, 1, 3]);
    expect([1, 2, 3, 4].map((at) => mapOffset(at, 'after', [{ start: 1, end: 4, text: 'xy' }]))).toEqual([1, 3, 3, 3]);
  });
});

describe('own edits carried over to a text that changed', () => {
  const marks = (from: number, edits: Edits): Edits =>
    edits.map((edit, index) => ({
      ...edit,
      text: Array.from(edit.text, (one, at) =>
        one === '\n' ? one : String.fromCodePoint(from + index * 100 + at),
      ).join(''),
    }));

  it('are the same upon an equal text, and nothing when the text changed just like that', () => {
    fc.assert(
      fc.property(edited, ({ before, edits }) => {
        expect(rebase(edits, before, before)).toEqual({ edits, conflicts: [] });
        const after = applyEdits(before, edits);
        if (after !== before) expect(rebase(edits, before, after)).toEqual({ edits: [], conflicts: [] });
        expect(rebase([], before, after)).toEqual({ edits: [], conflicts: [] });
      }),
      { numRuns: 500 },
    );
  });

  it('lose no inserted character: each is in the text then, or in a conflict', () => {
    fc.assert(
      fc.property(edited, text, fc.boolean(), ({ before, edits }, other, alike) => {
        const ours = marks(0x4e00, edits);
        const now = alike ? applyEdits(before, diffTexts(before, other).slice(0, 2)) : other;
        const rebased = rebase(ours, before, now);
        expectInOrder(rebased.edits, now);
        const after = applyEdits(now, rebased.edits);
        const found = after + rebased.conflicts.map((conflict) => conflict.ours).join('');
        for (const { text: inserted } of ours)
          for (const one of inserted) if (one !== '\n') expect(found).toContain(one);
        for (const conflict of rebased.conflicts) {
          expect(before).toContain(conflict.before);
          expect(conflict.at).toBeGreaterThanOrEqual(0);
          expect(conflict.at).toBeLessThanOrEqual(now.length);
          expect(conflict.ours).not.toBe(conflict.before);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('in lines of which each side changed others end up as if each had waited for the other', () => {
    const lines = fc.array(fc.constantFrom('keep', 'ours', 'theirs'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lines, (kinds) => {
        // Lines between that nobody changes tell the changed ones apart.
        const before = kinds.map((_, index) => `line ${index}\nbetween ${index}\n`).join('');
        const write = (mine: boolean, other: boolean): string =>
          kinds
            .map(
              (kind, index) =>
                `line ${index}${(mine && kind === 'ours') || (other && kind === 'theirs') ? ` by ${kind}` : ''}\nbetween ${index}\n`,
            )
            .join('');
        const rebased = rebase(diffTexts(before, write(true, false)), before, write(false, true));
        expect(rebased.conflicts).toEqual([]);
        expect(applyEdits(write(false, true), rebased.edits)).toBe(write(true, true));
      }),
    );
  });

  const merge = (before: string, mine: string, now: string): unknown => {
    const { edits, conflicts } = rebase(diffTexts(before, mine), before, now);
    return { text: applyEdits(now, edits), conflicts };
  };

  it('in a line that changed otherwise are a conflict that has the lines before and as they were meant', () => {
    expect(merge('a\nb\nc\n', 'a\nb mine\nc\n', 'new\na\nb theirs\nc\n')).toEqual({
      text: 'new\na\nb theirs\nc\n',
      conflicts: [{ at: 6, before: 'b\n', ours: 'b mine\n' }],
    });
    expect(merge('a\nb\nc\nd\n', 'a\nc mine\nd\n', 'a\nd\n')).toEqual({
      text: 'a\nd\n',
      conflicts: [{ at: 2, before: 'b\nc\n', ours: 'c mine\n' }],
    });
  });

  it('that insert lines beside changed ones are placed there', () => {
    expect(merge('a\nb\nc\n', 'a\nmine\nb\nc\n', 'a\nb!\nc\n')).toEqual({ text: 'a\nmine\nb!\nc\n', conflicts: [] });
    expect(merge('a\nb\nc\n', 'a\nb\nmine\nc\n', 'a\nb!\nc\n')).toEqual({ text: 'a\nb!\nmine\nc\n', conflicts: [] });
    expect(merge('a\nb\n', 'a\nmine\nb\n', 'a\ntheirs\nb\n')).toEqual({ text: 'a\ntheirs\nmine\nb\n', conflicts: [] });
    expect(merge('a\nb\n', 'a\nb\nmine\n', 'a\nb!\n')).toEqual({ text: 'a\nb!\nmine\n', conflicts: [] });
  });

  it('that both made are made once, beside others', () => {
    expect(merge('a\nb\nc\n', 'a\nboth\nb\nc mine\n', 'a\nboth\nb\nc\n')).toEqual({
      text: 'a\nboth\nb\nc mine\n',
      conflicts: [],
    });
    expect(merge('a\nb\nc\nd\n', 'a!\nb\nc mine\nd\n', 'a!\nb\nc\nd\n')).toEqual({
      text: 'a!\nb\nc mine\nd\n',
      conflicts: [],
    });
    const typed = { start: 5, end: 5, text: '\nb' };
    expect(
      rebase([typed, { start: 9, end: 9, text: '!' }], 'x\na\nb\nb\nz\n', 'x\na\nb\nb\nb\nz\n').edits,
    ).toHaveLength(1);
  });
});
