import { atMostTimes, forComparison, type Measurement } from '../../measurement.js';
import { median } from '../../statistics.js';
import type { LiveBench, LiveRow } from '../bench.js';
import { generatedHistory } from '../histories/generated.js';
import { deliveriesOf, type History } from '../histories/history.js';
import { recordedHistory } from '../histories/recorded.js';
import { replay } from '../histories/replay.js';
import { automergeText } from '../texts/automerge.js';
import { loroText } from '../texts/loro.js';
import { mizerText } from '../texts/mizer.js';
import { yjsText } from '../texts/yjs.js';
import { byTurns } from '../turns.js';

/** What is asked of each: to write a history, to put what came of it into bytes, and to read it out of these. */
const questions = ['apply', 'encode', 'load'] as const;

const contenders = [mizerText, yjsText, loroText, automergeText];

/** One author, 260,000 edits. */
export const sequential = row('sequential', async ({ small }) => {
  const edits = small ? 5_000 : 260_000;
  const recorded = recordedHistory('automerge-paper');
  return recorded === undefined ? generatedHistory(1, edits) : small ? beginning(recorded, edits) : recorded;
});

export const twoAuthors = row('two-authors', async ({ small }) => {
  const edits = small ? 1_000 : 25_000;
  const recorded = recordedHistory('friendsforever');
  return recorded === undefined ? generatedHistory(2, edits) : small ? beginning(recorded, edits) : recorded;
});

export const threeAuthors = row('three-authors', ({ small }) => generatedHistory(3, small ? 1_000 : 25_000));

function row(id: string, historyOf: (bench: LiveBench) => Promise<History>): LiveRow {
  return {
    id,
    async measure(bench) {
      const history = await historyOf(bench);
      const deliveries = deliveriesOf(history);
      const sizes = new Map<string, number>();
      const players = contenders.map((contender) => ({
        name: contender.name,
        async turn() {
          const { replicas, took } = await replay(contender, history, deliveries);
          const [replica] = replicas;
          if (replica === undefined) throw new Error('No author.');
          const start = performance.now();
          const saved = replica.save();
          const encoded = performance.now();
          const text = await contender.load(saved);
          const end = performance.now();
          if (text !== replica.text()) throw new Error(`${contender.name} loads another text.`);
          sizes.set(contender.name, saved.length / 1024);
          return { apply: took, encode: encoded - start, load: end - encoded };
        },
      }));
      const samples = await byTurns(players, { turns: bench.small ? 2 : 5, warm: 1, budget: 12_000 });
      const title = `${history.deeds.length.toLocaleString('en')} edits, ${history.name}`;
      const others = [yjsText, loroText, automergeText];
      return [
        ...questions.map((question): Measurement => {
          const value = (name: string): number => median(samples(name, question));
          return atMostTimes(
            { row: id, what: `${title}: ${question}`, measured: value(mizerText.name), unit: 'ms' },
            others.map(({ name }) => ({ what: name, value: value(name), limit: name === yjsText.name ? 1.3 : 1 })),
          );
        }),
        forComparison(
          { row: id, what: `${title}: encoded`, measured: sizes.get(mizerText.name) ?? Number.NaN, unit: 'KB' },
          others.map(({ name }) => ({ what: name, value: sizes.get(name) ?? Number.NaN })),
        ),
      ];
    },
  };
}

function beginning({ name, authors, deeds }: History, edits: number): History {
  return { name: `${name}, its beginning`, authors, deeds: deeds.slice(0, edits) };
}
