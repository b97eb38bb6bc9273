import { describe, expect, it } from 'vitest';
import type { TextDocument } from '../../src/live/text/engine.js';
import { yjsEngine } from '../../src/live/text/yjs-engine.js';
import concurrent from './histories/concurrent.json' with { type: 'json' };
import sequential from './histories/sequential.json' with { type: 'json' };

// The beginnings of two recorded histories; a patch is [position, how many are deleted, what is inserted], counted in characters (code points).
type Patch = readonly [number, number, string];

/** Applies a patch that counts code points, each of which is looked up in the text. */
function patch(text: TextDocument, [position, deleted, inserted]: Patch): Uint8Array | undefined {
  const characters = Array.from(text.text());
  const start = characters.slice(0, position).join('').length;
  const end = start + characters.slice(position, position + deleted).join('').length;
  return text.edit([{ start, end, text: inserted }]);
}

interface Letter {
  readonly agent: number;
  readonly number: number;
  readonly value: string;
  readonly left: Letter | undefined;
  readonly right: Letter | undefined;
  deleted: boolean;
}

/** The rule by which Yjs orders what was inserted at one place (YATA), letter by letter in a plain array. */
class Oracle {
  readonly letters: Letter[] = [];

  insert(letter: Letter): void {
    const { letters } = this;
    const at = (one: Letter | undefined, otherwise: number): number =>
      one === undefined ? otherwise : letters.indexOf(one);
    const left = at(letter.left, -1);
    const right = at(letter.right, letters.length);
    let place = left + 1;
    for (let index = place; index < right; index += 1) {
      const other = letters[index];
      if (other === undefined) break;
      const otherLeft = at(other.left, -1);
      if (otherLeft < left) break;
      if (otherLeft > left) {
        // It was put behind something that stands here as well; it goes where that goes.
        if (place > letters.indexOf(other.left as Letter)) place = index + 1;
        continue;
      }
      if (other.agent < letter.agent) place = index + 1;
      else if (at(other.right, letters.length) === right) break;
    }
    letters.splice(place, 0, letter);
  }

  /** What is there of what was known of at some time. */
  text(): string {
    return this.letters.map(({ deleted, value }) => (deleted ? '' : value)).join('');
  }
}

type Change = { readonly insert: Letter } | { readonly remove: Letter };

describe('recorded histories', () => {
  it('of one author read the same as in a plain array of characters, also for one who follows', () => {
    const author = yjsEngine.open(1, '');
    const reader = yjsEngine.open(2, '');
    const oracle: string[] = [];
    for (const patches of sequential as unknown as Patch[][]) {
      for (const [position, deleted, inserted] of patches) {
        oracle.splice(position, deleted, ...Array.from(inserted));
        const update = patch(author, [position, deleted, inserted]);
        if (update !== undefined) reader.apply(update, 1);
      }
    }
    expect(author.text()).toBe(oracle.join(''));
    expect(reader.text()).toBe(author.text());
    expect(author.text().length).toBeGreaterThan(1_000);
  });

  it('of two authors at once read the same as by the rule on a plain array of letters', () => {
    const texts = [yjsEngine.open(1, ''), yjsEngine.open(2, '')];
    const oracles = [new Oracle(), new Oracle()];
    const known = [new Set<number>(), new Set<number>()];
    const updates: Uint8Array[][] = [];
    const changes: Change[][] = [];
    /** The letters of each author's array that are the letters of the other's. */
    const twins = [new Map<Letter, Letter>(), new Map<Letter, Letter>()];
    const twin = (agent: number, letter: Letter): Letter => twins[agent]?.get(letter) ?? letter;
    let numbered = 0;
    const hear = (agent: number, index: number): void => {
      const { parents, agent: author } = concurrent[index] ?? { parents: [], agent };
      if (known[agent]?.has(index)) return;
      for (const parent of parents) hear(agent, parent);
      known[agent]?.add(index);
      for (const update of updates[index] ?? []) texts[agent]?.apply(update, author + 1);
      for (const change of changes[index] ?? []) {
        if ('remove' in change) twin(agent, change.remove).deleted = true;
        else {
          const { left, right, ...rest } = change.insert;
          const copy = { ...rest, deleted: false, left: left && twin(agent, left), right: right && twin(agent, right) };
          twins[agent]?.set(change.insert, copy);
          twins[1 - agent]?.set(copy, change.insert);
          oracles[agent]?.insert(copy);
        }
      }
    };
    for (const [index, { parents, agent, patches }] of concurrent.entries()) {
      const text = texts[agent];
      const oracle = oracles[agent];
      if (text === undefined || oracle === undefined) throw new Error('an author too many');
      for (const parent of parents) hear(agent, parent);
      known[agent]?.add(index);
      const made: Uint8Array[] = [];
      const done: Change[] = [];
      for (const one of patches as unknown as Patch[]) {
        const [position, deleted, inserted] = one;
        const update = patch(text, one);
        if (update !== undefined) made.push(update);
        const shown = oracle.letters.filter((letter) => !letter.deleted);
        for (const letter of shown.slice(position, position + deleted)) {
          letter.deleted = true;
          done.push({ remove: letter });
        }
        let left = shown[position - 1];
        const right = oracle.letters[left === undefined ? 0 : oracle.letters.indexOf(left) + 1];
        for (const value of inserted) {
          numbered += 1;
          const letter: Letter = { agent, number: numbered, value, left, right, deleted: false };
          oracle.insert(letter);
          done.push({ insert: letter });
          left = letter;
        }
      }
      updates.push(made);
      changes.push(done);
      if (index % 50 === 0) expect(text.text()).toBe(oracle.text());
    }
    for (const agent of [0, 1]) {
      for (const index of concurrent.keys()) hear(agent, index);
      expect(texts[agent]?.text()).toBe(oracles[agent]?.text());
    }
    expect(texts[0]?.text()).toBe(texts[1]?.text());
  });
});
