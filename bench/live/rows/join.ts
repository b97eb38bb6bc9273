import { MemoryProvider, WorkTree } from '#mizer/live/index.js';
import { atMost, type Measurement } from '../../measurement.js';
import { median } from '../../statistics.js';
import type { LiveBench, LiveRow } from '../bench.js';
import { generatedHistory } from '../histories/generated.js';
import { deliveriesOf } from '../histories/history.js';
import { replay } from '../histories/replay.js';
import { Random } from '../random.js';
import { mizerText } from '../texts/mizer.js';
import { byTurns } from '../turns.js';

const rules = { turns: 7, warm: 2, budget: 6_000 };
const megabyte = 2 ** 20;

/** One who has nothing joins an epoch of 100,000 operations. */
export const join: LiveRow = {
  id: 'join',
  async measure(bench) {
    return [...(await ofAllKinds(bench)), ...(await ofOneText(bench))];
  },
};

const row = 'join';

/** Files are made, moved and written in by two who hear of each other. */
async function ofAllKinds({ small }: LiveBench): Promise<Measurement[]> {
  const count = small ? 2_000 : 100_000;
  const options = { provider: new MemoryProvider(), clock: () => performance.now() };
  const first = WorkTree.create({ ...options, replica: 1, base: null });
  const trees = [first, await WorkTree.join({ ...options, replica: 2, operations: [first.missing()] })];
  const random = new Random(11);
  const files = count / 1_000;
  for (let file = 0; file < files; file += 1) await first.create(`file${file}`, 'text');
  for (let made = files; made < count;) {
    for (const [index, tree] of trees.entries()) {
      const path = `file${random.below(files)}`;
      const buffer = await tree.open(path);
      const burst = 20;
      for (let edit = 0; edit < burst; edit += 1) {
        const start = random.below(buffer.text().length + 1);
        buffer.edit([{ start, end: start }], random.letter());
      }
      await tree.create(`made${made}.${index}`, 'text');
      await tree.rename(`made${made}.${index}`, `moved${made}.${index}`);
      made += burst + 2;
      for (const other of trees) if (other !== tree) await other.apply(tree.missing(other.version()));
    }
  }
  const bytes = first.missing();
  const samples = await byTurns(
    [
      {
        name: mizerText.name,
        async turn() {
          const start = performance.now();
          await WorkTree.join({ ...options, replica: 3, operations: [bytes] });
          return { took: performance.now() - start };
        },
      },
    ],
    rules,
  );
  const what = `join an epoch of ${count.toLocaleString('en')} operations of all kinds`;
  return [
    atMost({ row, what, measured: median(samples(mizerText.name, 'took')), unit: 'ms' }, 500),
    atMost({ row, what: `${what}, on the wire`, measured: bytes.length / megabyte, unit: 'MB' }, 3),
  ];
}

/** All operations are keystrokes of three in one text, which is read. */
async function ofOneText({ small }: LiveBench): Promise<Measurement[]> {
  const history = await generatedHistory(3, small ? 2_000 : 100_000);
  const [replica] = (await replay(mizerText, history, deliveriesOf(history))).replicas;
  const bytes = replica?.save() ?? new Uint8Array();
  const samples = await byTurns(
    [
      {
        name: mizerText.name,
        async turn() {
          const start = performance.now();
          await mizerText.load([bytes]);
          return { took: performance.now() - start };
        },
      },
    ],
    rules,
  );
  const what = `join one of ${history.deeds.length.toLocaleString('en')} keystrokes in one text, and open it`;
  return [
    atMost({ row, what, measured: median(samples(mizerText.name, 'took')), unit: 'ms' }, 500),
    atMost({ row, what: `${what}, on the wire`, measured: bytes.length / megabyte, unit: 'MB' }, 3),
  ];
}
