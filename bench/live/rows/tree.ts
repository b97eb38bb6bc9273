import { atMost, forComparison } from '../../measurement.js';
import { median, percentile } from '../../statistics.js';
import type { LiveRow } from '../bench.js';
import { Random } from '../random.js';
import { filesPerDirectory, type TreeContender, type TreeReplica } from '../trees/contender.js';
import { loroTree } from '../trees/loro.js';
import { mizerTree } from '../trees/mizer.js';
import { byTurns, type Player } from '../turns.js';

const contenders = [mizerTree, loroTree];
const late = 1_000;

/** Two replicas of a tree, all of whose entries were touched, move files at the same time and then hear of the other's moves. */
export const tree: LiveRow = {
  id: 'tree',
  async measure({ small }) {
    const directories = small ? 3 : 100;
    const tables = await Promise.all(contenders.map((contender) => Table.open(contender, directories)));
    const single = await byTurns(
      tables.map((table) => table.player(1)),
      { turns: small ? 200 : 4_000, warm: small ? 20 : 500, budget: 8_000 },
    );
    const batch = await byTurns(
      tables.map((table) => table.player(late)),
      { turns: small ? 3 : 15, warm: 2, budget: 8_000 },
    );
    for (const table of tables) await table.check();
    const figure = { row: this.id, unit: 'ms' } as const;
    const own = single(mizerTree.name, 'heard');
    const loro = single(loroTree.name, 'heard');
    const entries = (directories * filesPerDirectory).toLocaleString('en');
    const what = `remote move against a local one, ${entries} touched entries`;
    return [
      atMost({ ...figure, what: `${what}, 99th percentile`, measured: percentile(own, 0.99) }, 0.1, [
        { what: loroTree.name, value: percentile(loro, 0.99) },
      ]),
      forComparison({ ...figure, what: `${what}, median`, measured: median(own) }, [
        { what: loroTree.name, value: median(loro) },
      ]),
      atMost(
        {
          ...figure,
          what: '1,000 moves that come late, against 1,000',
          measured: median(batch(mizerTree.name, 'heard')),
        },
        50,
        [{ what: loroTree.name, value: median(batch(loroTree.name, 'heard')) }],
      ),
    ];
  },
};

/** The two replicas of a contender. */
class Table {
  readonly #name: string;
  readonly #directories: number;
  readonly #replicas: readonly [TreeReplica, TreeReplica];
  readonly #random = new Random(7);

  private constructor(name: string, directories: number, replicas: readonly [TreeReplica, TreeReplica]) {
    this.#name = name;
    this.#directories = directories;
    this.#replicas = replicas;
  }

  static async open(contender: TreeContender, directories: number): Promise<Table> {
    return new Table(contender.name, directories, await contender.open(directories));
  }

  /** In a turn each replica makes `moves`, and one hears of the other's in one message. */
  player(moves: number): Player<'heard'> {
    const [one, other] = this.#replicas;
    return {
      name: this.#name,
      turn: async () => {
        await this.#move(one, 0, moves);
        await this.#move(other, 1, moves);
        const sent = one.take();
        const update = other.take();
        const start = performance.now();
        await one.apply(update);
        const heard = performance.now() - start;
        await other.apply(sent);
        one.take();
        other.take();
        return { heard };
      },
    };
  }

  async #move(replica: TreeReplica, parity: number, moves: number): Promise<void> {
    const files = (this.#directories * filesPerDirectory) / 2;
    for (let index = 0; index < moves; index += 1) {
      await replica.move(this.#random.below(files) * 2 + parity, this.#random.below(this.#directories));
    }
  }

  /** @throws Error when the replicas did not come to the same */
  async check(): Promise<void> {
    const [one, other] = this.#replicas;
    for (let directory = 0; directory < this.#directories; directory += 1) {
      if ((await one.count(directory)) !== (await other.count(directory))) throw new Error(`${this.#name} diverged.`);
    }
  }
}
