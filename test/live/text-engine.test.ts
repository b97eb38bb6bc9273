import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../src/live/text/edits.js';
import type { AuthoredUpdate, Edit, Edits, TextDocument } from '../../src/live/text/engine.js';
import { TextUpdateRefused } from '../../src/live/text/engine.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';

const ALPHABETS = ['0123456789', 'abcdef', 'ABCDEF', 'äöü😀😃'];

/** An offset in the text that splits no surrogate pair. */
function offsetIn(text: string, wish: number): number {
  const offset = wish % (text.length + 1);
  return offset > 0 && /^[\udc00-\udfff]/.test(text.slice(offset)) ? offset - 1 : offset;
}

function editsIn(text: string, wishes: readonly number[], inserted: readonly string[]): Edits {
  const offsets = wishes.map((wish) => offsetIn(text, wish)).toSorted((a, b) => a - b);
  const edits: Edit[] = [];
  for (let at = 0; at + 1 < offsets.length; at += 2)
    edits.push({ start: offsets[at] ?? 0, end: offsets[at + 1] ?? 0, text: inserted[at / 2] ?? '' });
  return edits;
}

type Step =
  | {
      readonly kind: 'edit';
      readonly at: number;
      readonly wishes: readonly number[];
      readonly lengths: readonly number[];
    }
  | { readonly kind: 'undo' | 'redo' | 'checkpoint'; readonly at: number }
  | { readonly kind: 'hear'; readonly at: number; readonly from: number; readonly count: number };

const replica = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      at: replica,
      wishes: fc.array(fc.nat(40), { minLength: 2, maxLength: 6 }),
      lengths: fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('undo' as const, 'redo' as const, 'checkpoint' as const),
      at: replica,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('hear' as const),
      at: replica,
      from: replica,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
);
const steps = fc.array(step, { maxLength: 60 });
const seeds = fc.constantFrom('', '0123456789', '01😀23😃4\n5');

interface Message extends AuthoredUpdate {
  /** How many messages of each replica its author had taken in. */
  readonly after: readonly number[];
}

/** Replicas that exchange updates in causal order. */
class Network {
  readonly texts: TextDocument[];
  readonly sent: Message[][] = [[], [], [], []];
  readonly heard: number[][] = [0, 1, 2, 3].map(() => [0, 0, 0, 0]);
  /** Where something was not as promised. */
  readonly faults: string[] = [];
  private typed = 0;

  constructor(seed: string) {
    this.texts = [0, 1, 2, 3].map((author) => yjsEngine.open(author, seed));
  }

  text(at: number): TextDocument {
    const text = this.texts[at];
    if (text === undefined) throw new Error(`no replica ${at}`);
    return text;
  }

  run(next: Step): void {
    const text = this.text(next.at);
    const before = text.text();
    if (next.kind === 'hear') {
      for (let count = next.count; count > 0; count -= 1) this.hear(next.at, next.from);
    } else if (next.kind === 'checkpoint') text.checkpoint();
    else if (next.kind === 'edit') {
      const edits = editsIn(
        before,
        next.wishes,
        next.lengths.map((length) => this.type(next.at, length)),
      );
      this.send(next.at, text.edit(edits));
      this.check('an edit', text.text(), applyEdits(before, edits));
    } else {
      const undone = next.kind === 'undo' ? text.undo() : text.redo();
      this.send(next.at, undone?.update);
      this.check(next.kind, text.text(), applyEdits(before, undone?.edits ?? []));
    }
    this.check('the length', text.length, text.text().length);
  }

  hear(at: number, from: number): boolean {
    const heard = this.heard[at] ?? [];
    const message = this.sent[from]?.[heard[from] ?? 0];
    if (at === from || message === undefined) return false;
    if (
      message.after.some(
        (count, author) => author !== from && count > (author === at ? Number.POSITIVE_INFINITY : (heard[author] ?? 0)),
      )
    )
      return false;
    const text = this.text(at);
    const before = text.text();
    const edits = text.apply(message.update, from);
    this.check('an update', text.text(), applyEdits(before, edits));
    heard[from] = (heard[from] ?? 0) + 1;
    return true;
  }

  settle(): void {
    for (let more = true; more;) {
      more = false;
      for (const at of [0, 1, 2, 3]) for (const from of [1, 2, 3]) while (this.hear(at, from)) more = true;
    }
  }

  private check<T>(what: string, found: T, expected: T): void {
    if (found !== expected) this.faults.push(`${what}: ${String(found)} is not ${String(expected)}`);
  }

  private type(at: number, length: number): string {
    const characters = Array.from(ALPHABETS[at] ?? '');
    let text = '';
    for (let count = length; count > 0; count -= 1) {
      text += characters[this.typed % characters.length] ?? '';
      this.typed += 1;
    }
    return text;
  }

  private send(at: number, update: Uint8Array | undefined): void {
    if (update !== undefined) this.sent[at]?.push({ author: at, update, after: [...(this.heard[at] ?? [])] });
  }
}

function play(seed: string, script: readonly Step[]): Network {
  const network = new Network(seed);
  for (const next of script) network.run(next);
  network.settle();
  return network;
}

describe('one text', () => {
  it('is the same at all replicas that have the same updates, and every change returned leads from the text before to the one after', () => {
    fc.assert(
      fc.property(seeds, steps, (seed, script) => {
        const network = play(seed, script);
        const texts = network.texts.map((text) => text.text());
        expect(network.faults).toEqual([]);
        expect(new Set(texts).size).toBe(1);
        expect(texts[0]?.isWellFormed()).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('is the same when read from a log, all at once or one by one, also at the replica that wrote it, and when updates come twice', () => {
    fc.assert(
      fc.property(seeds, steps, (seed, script) => {
        const network = new Network(seed);
        const log: Message[] = [];
        for (const next of script) {
          const before = network.sent.map((sent) => sent.length);
          network.run(next);
          for (const [author, sent] of network.sent.entries()) log.push(...sent.slice(before[author]));
        }
        // In the order they were made: a causal one.
        network.settle();
        const again = yjsEngine.open(1, seed);
        const { edits, refused } = again.applyAll(log);
        expect(refused).toEqual([]);
        expect(again.text()).toBe(network.text(0).text());
        expect(applyEdits(seed, edits)).toBe(again.text());
        expect(again.applyAll(log)).toEqual({ edits: [], refused: [] });
        for (const { update, author } of log) expect(again.apply(update, author)).toEqual([]);
        const more = again.edit([{ start: 0, end: 0, text: 'more' }]);
        expect(network.text(0).apply(more ?? new Uint8Array(), 1)).toEqual([{ start: 0, end: 0, text: 'more' }]);
        expect(again.undo()?.edits).toEqual([{ start: 0, end: 4, text: '' }]);
        expect(again.undo()).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('refuses offsets outside, inside of a surrogate pair, and ranges that overlap, and stays as it was', () => {
    const text = yjsEngine.open(1, 'a😀b');
    const wrong: Edits[] = [
      [{ start: 2, end: 2, text: 'x' }],
      [{ start: 0, end: 2, text: '' }],
      [{ start: 0, end: 5, text: '' }],
      [{ start: -1, end: 0, text: '' }],
      [{ start: 0.5, end: 1, text: '' }],
      [{ start: Number.NaN, end: 1, text: '' }],
      [{ start: 1, end: 0, text: '' }],
      [
        { start: 0, end: 3, text: '' },
        { start: 1, end: 4, text: '' },
      ],
      [
        { start: 3, end: 4, text: '' },
        { start: 0, end: 1, text: '' },
      ],
    ];
    for (const edits of wrong)
      expect(() => text.edit(edits)).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
    expect(() => text.anchor(2, 'before')).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
    expect(() => text.anchor(5, 'before')).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
    expect(text.text()).toBe('a😀b');
    expect(text.undo()).toBeUndefined();
  });

  it('replaces lone surrogates, also halves that edits would put side by side', () => {
    const text = yjsEngine.open(1, '');
    const other = yjsEngine.open(2, '');
    const update = text.edit([
      { start: 0, end: 0, text: 'a\ud83d' },
      { start: 0, end: 0, text: '\ude00b' },
    ]);
    expect(text.text()).toBe('a\ufffd\ufffdb');
    other.apply(update ?? new Uint8Array(), 1);
    expect(other.text()).toBe(text.text());
  });

  it('says nothing to others when nothing changes', () => {
    const text = yjsEngine.open(1, 'abc');
    expect(text.edit([])).toBeUndefined();
    expect(text.edit([{ start: 1, end: 1, text: '' }])).toBeUndefined();
  });

  it('takes a keystroke in few bytes', () => {
    const text = yjsEngine.open(4_000_000_000, 'x'.repeat(1_000_000));
    expect(text.edit([{ start: 500_000, end: 500_000, text: 'k' }])?.length).toBeLessThanOrEqual(24);
    expect(text.edit([{ start: 500_001, end: 500_001, text: 'l' }])?.length).toBeLessThanOrEqual(26);
  });
});

describe('undo', () => {
  it('takes back group by group what a replica did alone, and redo does it again', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.array(
          fc.array(fc.tuple(fc.array(fc.nat(40), { minLength: 2, maxLength: 6 }), fc.string({ maxLength: 3 })), {
            minLength: 1,
            maxLength: 4,
          }),
          { maxLength: 8 },
        ),
        (seed, groups) => {
          const text = yjsEngine.open(1, seed);
          const states = [text.text()];
          for (const group of groups) {
            for (const [wishes, inserted] of group)
              text.edit(editsIn(text.text(), wishes, [inserted, inserted, inserted]));
            text.checkpoint();
            states.push(text.text());
          }
          // A group that left the text as it was is either skipped or undone without effect upon the text.
          const distinct = states.filter((state, index) => state !== states[index - 1]);
          for (let round = 0; round < 2; round += 1) {
            const back = [text.text()];
            for (let undone = text.undo(); undone !== undefined; undone = text.undo()) back.push(text.text());
            expect(back.filter((state, index) => state !== back[index - 1])).toEqual(distinct.toReversed());
            const forth = [text.text()];
            for (let redone = text.redo(); redone !== undefined; redone = text.redo()) forth.push(text.text());
            expect(forth.filter((state, index) => state !== forth[index - 1])).toEqual(distinct);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes back all that is left of what a replica typed, and nothing of the base or of what others typed', () => {
    const count = (text: string, alphabet: string): number =>
      Array.from(text).filter((character) => alphabet.includes(character)).length;
    fc.assert(
      fc.property(steps, (script) => {
        // What another deleted and put back by undoing is the other's from then on.
        const alone = script.filter(({ kind, at }) => at === 1 || (kind !== 'undo' && kind !== 'redo'));
        const network = play('0123456789', alone);
        const text = network.text(1);
        const before = text.text();
        while (text.undo() !== undefined);
        expect(count(text.text(), 'abcdef')).toBe(0);
        for (const alphabet of [ALPHABETS[0], ALPHABETS[2], 'äöü😀😃'])
          expect(count(text.text(), alphabet ?? '')).toBeGreaterThanOrEqual(count(before, alphabet ?? ''));
      }),
      { numRuns: 200 },
    );
  });

  it('ends a group at a checkpoint only', () => {
    const text = yjsEngine.open(1, '');
    for (const letter of 'abc') text.edit([{ start: text.length, end: text.length, text: letter }]);
    text.checkpoint();
    text.edit([{ start: 3, end: 3, text: 'd' }]);
    expect(text.undo()?.edits).toEqual([{ start: 3, end: 4, text: '' }]);
    expect(text.undo()?.edits).toEqual([{ start: 0, end: 3, text: '' }]);
    expect(text.undo()).toBeUndefined();
    text.redo();
    text.edit([{ start: 3, end: 3, text: '!' }]);
    expect(text.redo()).toBeUndefined();
    expect(text.text()).toBe('abc!');
  });

  it('passes over what somebody else deleted, and brings back what both deleted', () => {
    const mine = yjsEngine.open(1, 'base');
    const other = yjsEngine.open(2, 'base');
    const typed = mine.edit([{ start: 4, end: 4, text: ' typed' }]);
    mine.checkpoint();
    other.apply(typed ?? new Uint8Array(), 1);
    const deleted = other.edit([{ start: 0, end: 10, text: '' }]);
    const ownDeleted = mine.edit([{ start: 0, end: 2, text: '' }]);
    mine.apply(deleted ?? new Uint8Array(), 2);
    other.apply(ownDeleted ?? new Uint8Array(), 1);
    expect(mine.text()).toBe('');
    const undone = mine.undo();
    expect(mine.text()).toBe('ba');
    expect(mine.undo()).toBeUndefined();
    other.apply(undone?.update ?? new Uint8Array(), 1);
    expect(other.text()).toBe('ba');
  });
});

describe('an anchor', () => {
  /** Every character of this text is another. */
  const unique = (from: number, length: number): string =>
    Array.from({ length }, (_, index) => String.fromCodePoint(0x4e00 + from + index)).join('');

  it('stays at its character for all replicas while that is there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(replica, fc.array(fc.nat(60), { minLength: 2, maxLength: 4 }), fc.nat(3)), { maxLength: 40 }),
        fc.nat(19),
        (edits, at) => {
          const seed = unique(0, 20);
          const texts = [1, 2, 3].map((author) => yjsEngine.open(author, seed));
          const [first] = texts;
          if (first === undefined) return;
          const held = seed[at] ?? '';
          const after = first.anchor(at, 'after');
          const before = first.anchor(at + 1, 'before');
          let made = 20;
          for (const [author, wishes, length] of edits) {
            const text = texts[author - 1];
            if (text === undefined) continue;
            const update = text.edit(editsIn(text.text(), wishes, [unique(made, length)]));
            made += length;
            for (const other of texts) if (other !== text && update !== undefined) other.apply(update, author);
            for (const one of texts) {
              const now = one.text().indexOf(held);
              if (now < 0) expect(one.resolve(before)).toBe(first.resolve(after));
              else expect([one.resolve(after), one.resolve(before)]).toEqual([now, now + 1]);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('holds on to the neighbour it was made for, and at the ends to the end', () => {
    const text = yjsEngine.open(1, 'ab');
    const anchors = [
      text.anchor(0, 'before'),
      text.anchor(0, 'after'),
      text.anchor(1, 'before'),
      text.anchor(1, 'after'),
      text.anchor(2, 'before'),
      text.anchor(2, 'after'),
    ];
    text.edit([
      { start: 0, end: 0, text: '1' },
      { start: 1, end: 1, text: '2' },
      { start: 2, end: 2, text: '3' },
    ]);
    expect(text.text()).toBe('1a2b3');
    expect(anchors.map((anchor) => text.resolve(anchor))).toEqual([0, 1, 2, 3, 4, 5]);
    for (const anchor of anchors) expect(anchor.length).toBeLessThanOrEqual(8);
  });

  it('that is garbage or of another document is nowhere, and never inside of a surrogate pair', () => {
    const text = yjsEngine.open(1, '😀😀');
    for (const bytes of [
      [],
      [2],
      [0, 1],
      [0, 1, 0],
      [1, 0, 4],
      [0, 0x80],
      [0, 0, 0x80],
      [0, 0, 1, 0],
      [0, 255, 255, 255, 255, 255, 255, 1],
    ])
      expect(text.resolve(Uint8Array.from(bytes))).toBeUndefined();
    expect([0, 1, 2, 3].map((clock) => text.resolve(Uint8Array.from([0, 0, clock])))).toEqual([0, 2, 2, 4]);
    expect([0, 1, 2, 3].map((clock) => text.resolve(Uint8Array.from([1, 0, clock])))).toEqual([0, 0, 2, 2]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const offset = text.resolve(bytes);
        if (offset !== undefined) expect([0, 2, 4]).toContain(offset);
      }),
    );
  });
});

describe('a hostile update', () => {
  /** A text with a history, and its updates. */
  function history(): { readonly log: AuthoredUpdate[]; readonly open: () => TextDocument } {
    const seed = 'base 😀 text';
    const log: AuthoredUpdate[] = [];
    const one = yjsEngine.open(1, seed);
    const two = yjsEngine.open(2, seed);
    for (let round = 0; round < 6; round += 1) {
      for (const [author, mine, other] of [
        [1, one, two],
        [2, two, one],
      ] as const) {
        const update = mine.edit(editsIn(mine.text(), [round * 7, round * 7 + 2], [`${author}😃`])) ?? new Uint8Array();
        other.apply(update, author);
        log.push({ author, update });
      }
    }
    return {
      log,
      open: () => {
        const text = yjsEngine.open(9, seed);
        text.applyAll(log);
        return text;
      },
    };
  }

  it('is refused, or taken alike by all; the text stays well-formed and goes on working', () => {
    const { log, open } = history();
    const mutation = fc.record({
      of: fc.nat(log.length - 1),
      cut: fc.option(fc.nat(60)),
      changes: fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    });
    let taken = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        const texts = [open(), open()];
        for (const { of, cut, changes } of mutations) {
          const entry = log[of];
          if (entry === undefined) continue;
          const bytes = entry.update.slice(0, cut ?? entry.update.length);
          for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
          const outcomes = texts.map((text) => {
            const before = text.text();
            try {
              expect(applyEdits(before, text.apply(bytes, entry.author))).toBe(text.text());
              taken += 1;
              return 'taken';
            } catch (error) {
              expect(error).toBeInstanceOf(TextUpdateRefused);
              expect(text.text()).toBe(before);
              return 'refused';
            }
          });
          expect(outcomes[0]).toBe(outcomes[1]);
        }
        const [first, second] = texts;
        expect(first?.text().isWellFormed()).toBe(true);
        expect(first?.text()).toBe(second?.text());
        const update = first?.edit([{ start: 0, end: 0, text: 'x' }]);
        expect(second?.apply(update ?? new Uint8Array(), 9)).toEqual([{ start: 0, end: 0, text: 'x' }]);
      }),
      { numRuns: 1_500 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('of each known kind is refused', () => {
    const { open } = history();
    const text = open();
    const before = text.text();
    const kinds: Record<string, readonly number[]> = {
      empty: [],
      'a claim of a thousand million clients': [0xff, 0xff, 0xff, 0xff, 0x0f, 0],
      'a claim of a thousand million structs': [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 3, 0, 0],
      'a gap before it': [1, 1, 3, 5, 0x84, 0, 0, 1, 120, 0],
      'in the name of the base': [1, 1, 0, 13, 0x84, 0, 0, 1, 120, 0],
      'an origin that is not there': [1, 1, 3, 0, 0x84, 1, 0x7f, 1, 120, 0],
      'a client that is not there': [1, 1, 3, 0, 0x84, 77, 0, 1, 120, 0],
      'a right origin that is not there': [1, 1, 3, 0, 0x44, 1, 0x7f, 1, 120, 0],
      'next to itself': [1, 2, 3, 0, 0x84, 0, 0, 1, 120, 0x84, 3, 0, 1, 120, 0],
      'right before left': [1, 1, 3, 0, 0xc4, 0, 3, 0, 1, 1, 120, 0],
      'into a surrogate pair': [1, 1, 3, 0, 0x84, 0, 5, 1, 120, 0],
      'into a surrogate pair, from the right': [1, 1, 3, 0, 0x44, 0, 6, 1, 120, 0],
      'another root': [1, 1, 3, 0, 0x04, 1, 1, 117, 1, 120, 0],
      'inside of an element': [1, 1, 3, 0, 0x04, 0, 0, 0, 1, 120, 0],
      'a map entry': [1, 1, 3, 0, 0x24, 1, 1, 116, 1, 107, 1, 120, 0],
      'collected garbage': [1, 1, 3, 0, 0, 5, 0],
      'a skip': [1, 1, 3, 0, 10, 5, 0],
      'deleted content': [1, 1, 3, 0, 0x81, 0, 0, 5, 0],
      json: [1, 1, 3, 0, 0x82, 0, 0, 1, 4, 116, 114, 117, 101, 0],
      binary: [1, 1, 3, 0, 0x83, 0, 0, 1, 1, 0],
      'an embed': [1, 1, 3, 0, 0x85, 0, 0, 1, 49, 0],
      'a format': [1, 1, 3, 0, 0x86, 0, 0, 1, 98, 4, 116, 114, 117, 101, 0],
      'a type': [1, 1, 3, 0, 0x87, 0, 0, 0, 0],
      'a value': [1, 1, 3, 0, 0x88, 0, 0, 1, 126, 0],
      'a document': [1, 1, 3, 0, 0x89, 0, 0, 1, 97, 126, 0],
      'no characters': [1, 1, 3, 0, 0x84, 0, 0, 0, 0],
      'text that is not UTF-8': [1, 1, 3, 0, 0x84, 0, 0, 1, 0xff, 0],
      'a surrogate as UTF-8': [1, 1, 3, 0, 0x84, 0, 0, 3, 0xed, 0xa0, 0x80, 0],
      'two clients': [2, 1, 3, 0, 0x84, 0, 0, 1, 120, 1, 4, 0, 0x84, 0, 0, 1, 120, 0],
      'deletes what is not there': [0, 1, 0, 1, 100, 1],
      'deletes of one who is not there': [0, 1, 55, 1, 0, 1],
      'deletes half of a pair': [0, 1, 0, 1, 5, 1],
      'deletes the other half of a pair': [0, 1, 0, 1, 6, 1],
      'deletes nothing': [0, 1, 0, 1, 0, 0],
      'deletes without an end': [0, 1, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f],
      'more after its end': [0, 0, 0],
    };
    for (const [kind, bytes] of Object.entries(kinds)) {
      expect(() => text.apply(Uint8Array.from(bytes), 3), kind).toThrow(TextUpdateRefused);
      expect(text.text()).toBe(before);
    }
    expect(() => text.apply(Uint8Array.from([1, 1, 3, 0, 0x84, 0, 0, 1, 120, 0]), 4)).toThrow(TextUpdateRefused);
    expect(text.apply(Uint8Array.from([1, 1, 3, 0, 0x84, 0, 0, 1, 120, 0]), 3)).toHaveLength(1);
  });

  it('in a batch is left out, and the others are taken', () => {
    const { log, open } = history();
    const text = yjsEngine.open(9, 'base 😀 text');
    const batch = log.flatMap((entry, index) => (index === 4 ? [{ author: 5, update: entry.update }, entry] : [entry]));
    expect(text.applyAll(batch).refused).toEqual([4]);
    expect(text.text()).toBe(open().text());
  });
});
