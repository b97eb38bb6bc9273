import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthoredUpdate, CharacterId, EditLog, Stroke, TextDocument } from '../../src/live/text/engine.js';
import { History, NOBODY } from '../../src/live/text/history.js';
import { strokeOf, updateOf } from '../../src/live/text/stroke.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import { contentOf } from '../../src/live/text/yjs-item.js';
import { YjsText } from '../../src/live/text/yjs-text.js';
import { Weave } from '../../src/live/text/weave.js';
import { Random } from './random.js';
import { SEED, TEXTS, worldOf } from './wire-world.js';

const AUTHORS = [1, 2, 3];
const LETTERS = ['a', 'b', 'é', '😀', '\n'];
const BASE = 'ef'.repeat(20);

/** A stroke, or as many of one character each that go on from one another. */
interface Told {
  readonly kind: 'stroke' | 'run';
  readonly whole: Stroke;
}

/** One by one, as they come to whoever has the text open. */
function updatesOf({ kind, whole }: Told): AuthoredUpdate[] {
  const strokes = kind === 'run' ? [...strokesOf(whole)] : [whole];
  return strokes.map((stroke) => ({
    author: stroke.kind === 'typed' ? stroke.author : stroke.client,
    update: updateOf(stroke),
  }));
}

function* strokesOf(whole: Stroke): Generator<Stroke> {
  if (whole.kind === 'erased') {
    for (let clock = whole.clock + whole.length - 1; clock >= whole.clock; clock -= 1)
      yield { kind: 'erased', client: whole.client, clock, length: 1 };
    return;
  }
  let { clock, origin } = whole;
  for (const text of whole.text) {
    yield { ...whole, clock, origin, text };
    clock += text.length;
    origin = { client: whole.author, clock: clock - 1 };
  }
}

function logOf(edits: readonly Told[]): EditLog {
  return {
    tell: (history) => {
      const number = (character: CharacterId | undefined): number =>
        character === undefined ? NOBODY : history.numberOf(character.client);
      for (const { kind, whole } of edits) {
        if (whole.kind === 'erased')
          history.erase(history.numberOf(whole.client), whole.clock, whole.length, kind === 'run');
        else {
          const by = history.numberOf(whole.author);
          const { clock, text, origin, rightOrigin } = whole;
          const bytes = new TextEncoder().encode(text);
          history.quote(by, bytes, 0, bytes.length);
          history.type(
            by,
            clock,
            text.length,
            number(origin),
            origin?.clock ?? 0,
            number(rightOrigin),
            rightOrigin?.clock ?? 0,
          );
        }
      }
    },
    updates: () => edits.flatMap(updatesOf),
  };
}

/** Whether all of a history makes sense. */
function isWhole(log: EditLog): boolean {
  const history = new History(SEED);
  log.tell(history);
  for (const by of history.clients.keys()) history.finish(by);
  return history.isSound && new Weave(history).run();
}

/** All that Yjs holds of a text, character by character: stretches may be parted otherwise. */
function contentsOf(text: YjsText): unknown[] {
  return Array.from(text.items()).flatMap((item) =>
    Array.from({ length: item.length }, (_, at) => {
      const { client, clock } = item.id;
      const origin = at === 0 ? item.origin : { client, clock: clock + at - 1 };
      return [
        [client, clock + at],
        item.deleted ? null : contentOf(item)[at],
        origin && [origin.client, origin.clock],
        item.rightOrigin && [item.rightOrigin.client, item.rightOrigin.clock],
      ];
    }),
  );
}

/** Where the stretches of some clients begin. */
function stretchesOf(text: YjsText, clients: readonly number[]): unknown[] {
  return clients.map((client) => [client, text.store.clients.get(client)?.map(({ id }) => id.clock)]);
}

/** Strokes and runs of which many make sense and some do not. */
function strange(random: Random, count: number): Told[] {
  const written = new Map([[0, SEED.length], ...AUTHORS.map((author) => [author, 0] as const)]);
  const character = (): { client: number; clock: number } | undefined => {
    if (random.below(4) === 0) return undefined;
    const client = random.pick([0, ...AUTHORS]);
    return { client, clock: random.below((written.get(client) ?? 0) + (random.below(9) === 0 ? 3 : 0) + 1) };
  };
  return Array.from({ length: count }, (): Told => {
    const kind = random.below(2) === 0 ? 'run' : 'stroke';
    if (random.below(4) === 0) {
      const { client, clock } = character() ?? { client: 0, clock: 0 };
      const whole: Stroke = { kind: 'erased', client, clock, length: 1 + random.below(5) };
      return { kind, whole };
    }
    const author = random.pick(AUTHORS);
    const state = written.get(author) ?? 0;
    const clock = random.below(12) > 0 ? state : random.below(state + 2);
    const origin = random.below(3) === 0 || clock === 0 ? character() : { client: author, clock: clock - 1 };
    const rightOrigin = origin === undefined ? (character() ?? { client: 0, clock: 0 }) : character();
    const text = Array.from({ length: 1 + random.below(4) }, () => random.pick(LETTERS)).join('');
    written.set(author, Math.max(state, clock + text.length));
    const whole: Stroke = { kind: 'typed', author, clock, origin, rightOrigin, text };
    return { kind, whole };
  });
}

test('a history that is opened at once is what it is when its edits come one by one, whatever they are', () => {
  const kinds = { whole: 0, strange: 0 };
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const edits = strange(random, 1 + random.below(random.below(3) === 0 ? 40 : 3));
      const log = logOf(edits);
      kinds[isWhole(log) ? 'whole' : 'strange'] += 1;
      const atOnce = yjsEngine.open(9, SEED, log);
      const singly = yjsEngine.open(9, SEED);
      singly.applyAll(edits.flatMap(updatesOf));
      expectSame(atOnce, singly, random);
    }),
    { numRuns: 1_000 },
  );
  expect(kinds.whole).toBeGreaterThan(20);
  expect(kinds.strange).toBeGreaterThan(100);
});

/** What is not shown is the same as well: what comes next goes to the same place, or is refused by both. */
function expectSame(one: TextDocument, other: TextDocument, random: Random): void {
  expect(one.text()).toBe(other.text());
  const further = strange(random, 20).flatMap(updatesOf);
  expect(one.applyAll(further)).toEqual(other.applyAll(further));
  expect(one.text()).toBe(other.text());
}

test('a text opened out of a log is what the engine makes of its updates, character by character, in as few stretches', () => {
  let typed = 0;
  let erased = 0;
  let compared = 0;
  for (let seed = 1; seed <= 30; seed += 1) {
    for (const { log, texts } of worldOf(seed, 300)) {
      for (const node of TEXTS) {
        const edits: EditLog = {
          tell: (history) => log.tell(node, BASE, history),
          updates: () => log.updates(node, BASE),
        };
        expect(isWhole(edits), `seed ${seed}`).toBe(true);
        const history = new History(SEED);
        edits.tell(history);
        for (const by of history.clients.keys()) history.finish(by);
        typed += history.typed.length;
        erased += history.erased.length;
        const loaded = new YjsText(SEED, { dropDeleted: true });
        loaded.load(edits);
        const worked = new YjsText(SEED, { dropDeleted: true });
        worked.integrate([...edits.updates()]);
        expect(contentsOf(loaded), `seed ${seed}`).toEqual(contentsOf(worked));
        expect(loaded.length).toBe(worked.length);
        // Text with pairs in it that was deleted is kept, and so in stretches of its own, which depend on the order.
        const plain = history.clients.filter((_, by) => !/[\ud800-\udfff]/.test(history.texts[by] ?? ''));
        compared += plain.length;
        expect(stretchesOf(loaded, plain)).toEqual(stretchesOf(worked, plain));
        const random = new Random(seed);
        const open = (): TextDocument => yjsEngine.open(9, SEED, edits);
        expect(open().text(), `seed ${seed}`).toBe(texts.get(node)?.text());
        const singly = yjsEngine.open(9, SEED);
        singly.applyAll([...edits.updates()]);
        expectSame(open(), singly, random);
      }
    }
  }
  expect(compared).toBeGreaterThan(20);
  expect(typed).toBeGreaterThan(10_000);
  expect(erased).toBeGreaterThan(1_000);
});

test('an update that speaks of what only it brings is refused by itself, also when a history is opened at once', () => {
  const letters = [2, 97, 98];
  const between = Uint8Array.of(1, 2, 1, 0, 0x44, 0, 0, ...letters, 0x84, 1, 0, 1, 99, 0);
  const deletes = Uint8Array.of(1, 1, 1, 0, 0x44, 0, 0, ...letters, 1, 1, 1, 0, 1);
  const whole = Uint8Array.of(1, 1, 1, 0, 0x44, 0, 0, ...letters, 0);
  const read = (...updates: readonly Uint8Array[]): string =>
    yjsEngine
      .open(9, 'x', {
        tell: (history) => updates.forEach((update) => history.update(1, update)),
        updates: () => updates.map((update) => ({ author: 1, update })),
      })
      .text();
  expect(read(between)).toBe('x');
  expect(read(deletes)).toBe('x');
  expect(read(whole)).toBe('abx');
  expect(read(between, deletes, whole)).toBe('abx');
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
