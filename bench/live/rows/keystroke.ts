import { atMost, forComparison, type Measurement } from '../../measurement.js';
import { median, percentile } from '../../statistics.js';
import type { LiveRow } from '../bench.js';
import { Random } from '../random.js';
import { automergeText } from '../texts/automerge.js';
import type { TextContender, TextReplica } from '../texts/contender.js';
import { loroText } from '../texts/loro.js';
import { mizerText } from '../texts/mizer.js';
import { yjsText } from '../texts/yjs.js';
import { byTurns, type Player } from '../turns.js';

const contenders = [mizerText, yjsText, loroText, automergeText];
const rivals = [yjsText, loroText, automergeText];

type Kind = 'local' | 'remote';

/** Two write into one text of a megabyte at once, each anywhere: a turn is a keystroke of each, then each hears of the other's. */
export const keystroke: LiveRow = {
  id: 'keystroke',
  async measure({ small }) {
    const seed = seedOf(small ? 2 ** 16 : 2 ** 20);
    const players = await Promise.all(contenders.map((contender) => playerOf(contender, seed)));
    const samples = await byTurns(players, { turns: small ? 200 : 3_000, warm: small ? 20 : 500, budget: 6_000 });
    const lines = (kind: Kind, what: string): Measurement[] => {
      const others = (of: (values: readonly number[]) => number) =>
        rivals.map(({ name }) => ({ what: name, value: of(samples(name, kind)) }));
      const own = samples(mizerText.name, kind);
      const last = (values: readonly number[]): number => percentile(values, 0.99);
      const figure = { row: this.id, unit: 'ms' } as const;
      return [
        atMost({ ...figure, what: `${what}, median`, measured: median(own) }, 0.1, others(median)),
        atMost({ ...figure, what: `${what}, 99th percentile`, measured: last(own) }, 1, others(last)),
      ];
    };
    return [
      ...lines('local', 'local edit in a text of 1 MB'),
      ...lines('remote', 'remote keystroke into it, until `change`'),
    ];
  },
};

/** Lines as those of a program. */
function seedOf(length: number): string {
  const random = new Random(1);
  let text = '';
  while (text.length < length) text += `  const value${random.below(1e6)} = compute(${random.below(1e6)}, other);\n`;
  return text.slice(0, length);
}

async function playerOf(contender: TextContender, seed: string): Promise<Player<Kind>> {
  const [one, other] = await contender.open(seed, 2);
  if (one === undefined || other === undefined) throw new Error(`${contender.name} opened fewer than two replicas.`);
  const random = new Random(2);
  return {
    name: contender.name,
    async turn(number) {
      const start = performance.now();
      const sent = one.edit(random.below(seed.length), 0, 'a');
      const local = performance.now() - start;
      const heard = other.edit(random.below(seed.length), 0, 'b');
      const remote = await untilChange(one, heard);
      await other.apply(sent);
      if (number % 1_000 === 0 && one.text() !== other.text()) throw new Error(`${contender.name} diverged.`);
      return { local, remote };
    },
  };
}

/** Milliseconds until the change was told. */
async function untilChange(replica: TextReplica, update: Uint8Array): Promise<number> {
  let end = Number.NaN;
  replica.onChange = () => (end = performance.now());
  const start = performance.now();
  await replica.apply(update);
  replica.onChange = undefined;
  if (Number.isNaN(end)) throw new Error('No change was told.');
  return end - start;
}

/** What a keystroke takes on the wire, in a text that both have written in before. */
export const wire: LiveRow = {
  id: 'wire',
  async measure({ small }) {
    const seed = seedOf(2 ** 16);
    const sizes = await Promise.all(contenders.map((contender) => sizesOf(contender, seed, small ? 20 : 200)));
    const [own, ...others] = sizes;
    const against = (of: (sizes: Sizes) => number) => others.map((one) => ({ what: one.name, value: of(one) }));
    const largest = ({ typed, anywhere }: Sizes): number => Math.max(...typed, ...anywhere);
    if (own === undefined) return [];
    const figure = { row: this.id, unit: 'B' } as const;
    return [
      atMost(
        { ...figure, what: 'the largest keystroke, with its envelope', measured: largest(own) },
        60,
        against(largest),
      ),
      forComparison(
        { ...figure, what: 'a keystroke behind the one before, median', measured: median(own.typed) },
        against(({ typed }) => median(typed)),
      ),
      forComparison(
        { ...figure, what: 'a keystroke anywhere in the text, median', measured: median(own.anywhere) },
        against(({ anywhere }) => median(anywhere)),
      ),
    ];
  },
};

interface Sizes {
  readonly name: string;
  readonly typed: readonly number[];
  readonly anywhere: readonly number[];
}

async function sizesOf({ name, open }: TextContender, seed: string, count: number): Promise<Sizes> {
  const [one, other] = await open(seed, 2);
  if (one === undefined || other === undefined) throw new Error(`${name} opened fewer than two replicas.`);
  const random = new Random(3);
  const keystrokes = async (place: (index: number) => number): Promise<number[]> => {
    const sizes: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const sent = one.edit(place(index), 0, random.letter());
      await other.apply(sent);
      await one.apply(other.edit(random.below(seed.length), 0, random.letter()));
      sizes.push(sent.length);
    }
    return sizes;
  };
  await keystrokes(() => 0);
  const middle = seed.length / 2;
  return {
    name,
    typed: await keystrokes((index) => middle + index),
    anywhere: await keystrokes(() => random.below(seed.length)),
  };
}
