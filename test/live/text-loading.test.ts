import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthoredUpdate, LoggedEdit, Stroke } from '../../src/live/text/engine.js';
import { strokeOf, strokesOf, updateOf } from '../../src/live/text/stroke.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import { Random } from './random.js';
import { SEED, TEXTS, worldOf } from './wire-world.js';

const AUTHORS = [1, 2, 3];
const LETTERS = ['a', 'b', 'é', '😀', '\n'];

/** One by one, as they come to whoever has the text open. */
function updatesOf(edit: LoggedEdit): AuthoredUpdate[] {
  if (edit.kind === 'update') return [edit];
  const strokes = edit.kind === 'run' ? [...strokesOf(edit)] : [edit];
  return strokes.map((stroke) => ({
    author: stroke.kind === 'typed' ? stroke.author : stroke.client,
    update: updateOf(stroke),
  }));
}

/** Strokes and runs of which many make sense and some do not. */
function strange(random: Random, count: number): LoggedEdit[] {
  const written = new Map([[0, SEED.length], ...AUTHORS.map((author) => [author, 0] as const)]);
  const character = (): { client: number; clock: number } | undefined => {
    if (random.below(4) === 0) return undefined;
    const client = random.pick([0, ...AUTHORS]);
    return { client, clock: random.below((written.get(client) ?? 0) + (random.below(9) === 0 ? 3 : 0) + 1) };
  };
  return Array.from({ length: count }, (): LoggedEdit => {
    const runs = random.below(2) === 0;
    if (random.below(4) === 0) {
      const { client, clock } = character() ?? { client: 0, clock: 0 };
      const whole: Stroke = { kind: 'erased', client, clock, length: 1 + random.below(5) };
      return runs ? { kind: 'run', whole } : whole;
    }
    const author = random.pick(AUTHORS);
    const state = written.get(author) ?? 0;
    const clock = random.below(12) > 0 ? state : random.below(state + 2);
    const origin = random.below(3) === 0 || clock === 0 ? character() : { client: author, clock: clock - 1 };
    const rightOrigin = origin === undefined ? (character() ?? { client: 0, clock: 0 }) : character();
    const text = Array.from({ length: 1 + random.below(4) }, () => random.pick(LETTERS)).join('');
    written.set(author, Math.max(state, clock + text.length));
    const whole: Stroke = { kind: 'typed', author, clock, origin, rightOrigin, text };
    return runs ? { kind: 'run', whole } : whole;
  });
}

test('a history that is opened at once is what it is when its edits come one by one, whatever they are', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const history = strange(random, 60);
      const atOnce = yjsEngine.open(9, SEED, history);
      const singly = yjsEngine.open(9, SEED);
      singly.applyAll(history.flatMap(updatesOf));
      expect(atOnce.text()).toBe(singly.text());
      // What is not shown is the same as well: what comes next goes to the same place, or is refused by both.
      const further = strange(random, 20).flatMap(updatesOf);
      expect(atOnce.applyAll(further)).toEqual(singly.applyAll(further));
      expect(atOnce.text()).toBe(singly.text());
    }),
    { numRuns: 400 },
  );
});

test('a text opened out of a log reads as it does to those who wrote it, and the strokes told are what was written', () => {
  let runs = 0;
  for (let seed = 1; seed <= 30; seed += 1) {
    for (const { log, texts } of worldOf(seed, 300)) {
      for (const node of TEXTS) {
        const edits = [...log.edits(node, 'ef'.repeat(20))];
        runs += edits.filter(({ kind }) => kind === 'run').length;
        expect(yjsEngine.open(9, SEED, edits).text(), `seed ${seed}`).toBe(texts.get(node)?.text());
        const told = edits.flatMap(updatesOf).map(({ update }) => [...update]);
        const written = [...log.history(node)].flatMap(({ action }) =>
          action.kind === 'text' ? [[...action.update]] : [],
        );
        expect(told, `seed ${seed}`).toEqual(written);
      }
    }
  }
  expect(runs).toBeGreaterThan(1_000);
});

test('a stroke comes back from its update, and what is none is told apart', () => {
  const stroke = {
    kind: 'typed',
    author: 300,
    clock: 5,
    text: 'é',
    origin: { client: 0, clock: 1 },
    rightOrigin: undefined,
  } as const;
  expect(strokeOf(updateOf(stroke), 300)).toEqual(stroke);
  expect(strokeOf(updateOf(stroke), 301)).toBeUndefined();
  expect(strokeOf(updateOf({ kind: 'erased', client: 2, clock: 0, length: 3 }), 300)).toEqual({
    kind: 'erased',
    client: 2,
    clock: 0,
    length: 3,
  });
  const text = yjsEngine.open(300, 'abc');
  const several = text.edit([
    { start: 0, end: 1, text: 'x' },
    { start: 2, end: 3, text: '' },
  ]);
  for (const update of [several, Uint8Array.of(1, 2, 3), Uint8Array.of()])
    expect(strokeOf(update ?? Uint8Array.of(), 300)).toBeUndefined();
  // A number longer than it need be: Yjs would read it.
  expect(strokeOf(Uint8Array.of(0, 1, 2, 1, 0x80, 0, 3), 300)).toBeUndefined();
});
