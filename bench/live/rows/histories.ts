import { atMostTimes, forComparison, type Measurement, type Rival } from '../../measurement.js';
import { median } from '../../statistics.js';
import type { LiveBench, LiveRow } from '../bench.js';
import { generatedHistory } from '../histories/generated.js';
import { deliveriesOf, type History } from '../histories/history.js';
import { recordedHistory } from '../histories/recorded.js';
import { replay } from '../histories/replay.js';
import { automergeText } from '../texts/automerge.js';
import type { TextContender } from '../texts/contender.js';
import { loroText } from '../texts/loro.js';
import { mizerText } from '../texts/mizer.js';
import { yjsText } from '../texts/yjs.js';
import { byTurns, type Player, type Rules } from '../turns.js';

/**
 * What is asked of each: to write a history, to put what came of it into bytes, and to take these in where there was nothing before, up to the text (for mizer: a
 * replica joins by them, every operation in its log, and opens the file); then also to take in what the authors sent while they wrote.
 */
const questions = ['apply', 'encode', 'load', 'hear'] as const;

type Question = (typeof questions)[number];

/** So often each has to load in a turn: one may have only one turn to write the whole, and the first times are those of code not yet compiled. */
const asked = 25;
const rules: Rules = { turns: 5, warm: 1, budget: 4_000 };

/** With whom a history is written, and how much of it: all, or as much as takes them seconds. */
interface Round {
  readonly rivals: readonly TextContender[];
  readonly edits: number;
}

const all = Number.POSITIVE_INFINITY;
/** Automerge takes minutes for more. */
const withAutomerge: Round = { rivals: [automergeText], edits: 1_000 };

/** One author, 260,000 edits. The short ones first, here and below: what the long ones leave behind is collected in what comes next. */
const ofOneAuthor: readonly Round[] = [
  withAutomerge,
  // What Yjs takes for an edit grows with those before: a minute for all.
  { rivals: [yjsText], edits: 100_000 },
  { rivals: [loroText], edits: all },
];
export const sequential = row('sequential', ofOneAuthor, async ({ small }) => {
  const edits = small ? 5_000 : 260_000;
  const recorded = recordedHistory('automerge-paper');
  return recorded === undefined ? generatedHistory(1, edits) : small ? beginning(recorded, edits) : recorded;
});

export const twoAuthors = row(
  'two-authors',
  [withAutomerge, { rivals: [yjsText, loroText], edits: all }],
  async ({ small }) => {
    const edits = small ? 1_000 : 25_000;
    const recorded = recordedHistory('friendsforever');
    return recorded === undefined ? generatedHistory(2, edits) : small ? beginning(recorded, edits) : recorded;
  },
);

export const threeAuthors = row(
  'three-authors',
  [
    withAutomerge,
    // Loro takes half a minute for five times as much.
    { rivals: [loroText], edits: 1_000 },
    { rivals: [yjsText], edits: all },
  ],
  ({ small }) => generatedHistory(3, small ? 1_000 : 25_000),
);

function row(id: string, parts: readonly Round[], historyOf: (bench: LiveBench) => Promise<History>): LiveRow {
  return {
    id,
    async measure(bench) {
      const history = await historyOf(bench);
      const measurements: Measurement[] = [];
      for (const { rivals, edits } of parts) {
        const part = beginning(history, bench.small ? Math.min(edits, 500) : edits);
        measurements.push(...(await measure(id, part, rivals)));
      }
      return measurements;
    },
  };
}

async function measure(id: string, history: History, rivals: readonly TextContender[]): Promise<Measurement[]> {
  const sizes = new Map<string, number>();
  const players = [mizerText, ...rivals].map((contender) => playerOf(contender, history, sizes));
  const samples = await byTurns(players, rules);
  const title = `${history.deeds.length.toLocaleString('en')} edits, ${history.name}`;
  const compared = (question: Question, limits: boolean): readonly [own: number, others: Rival[]] => {
    const value = (name: string): number => median(samples(name, question));
    const others = rivals.map(({ name }) => {
      return { what: name, value: value(name), ...(limits ? { limit: name === yjsText.name ? 1.3 : 1 } : {}) };
    });
    return [value(mizerText.name), others];
  };
  const promised = (['apply', 'encode', 'load'] as const).map((question): Measurement => {
    const [measured, others] = compared(question, true);
    return atMostTimes({ row: id, what: `${title}: ${question}`, measured, unit: 'ms' }, others);
  });
  const [measured, others] = compared('hear', false);
  return [
    ...promised,
    forComparison({ row: id, what: `${title}: load what was sent, edit by edit`, measured, unit: 'ms' }, others),
    forComparison(
      { row: id, what: `${title}: encoded`, measured: sizes.get(mizerText.name) ?? Number.NaN, unit: 'KB' },
      rivals.map(({ name }) => ({ what: name, value: sizes.get(name) ?? Number.NaN })),
    ),
  ];
}

/** `sizes`: where to put how many kilobytes were encoded. */
function playerOf(contender: TextContender, history: History, sizes: Map<string, number>): Player<Question> {
  const deliveries = deliveriesOf(history);
  return {
    name: contender.name,
    async turn() {
      const { replicas, took, sent } = await replay(contender, history, deliveries);
      const encode: number[] = [];
      let saved: Uint8Array = new Uint8Array();
      // Each replica once: who is asked again may have kept the answer.
      for (const replica of replicas) {
        const start = performance.now();
        saved = replica.save();
        encode.push(performance.now() - start);
      }
      const load: number[] = [];
      let text = '';
      for (let again = 0; again < asked; again += 1) {
        const start = performance.now();
        text = await contender.load([saved]);
        load.push(performance.now() - start);
      }
      const start = performance.now();
      const heard = await contender.load(sent);
      const hear = performance.now() - start;
      if (text !== replicas[0]?.text() || heard !== text) throw new Error(`${contender.name} loads another text.`);
      sizes.set(contender.name, saved.length / 1024);
      return { apply: took, encode: median(encode), load: median(load), hear };
    },
  };
}

function beginning(history: History, edits: number): History {
  const { name, authors, deeds } = history;
  if (edits >= deeds.length) return history;
  return { name: `the beginning of ${name}`, authors, deeds: deeds.slice(0, edits) };
}
