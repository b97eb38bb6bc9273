import { MemoryProvider, WorkTree } from '#mizer/live/index.js';
import { LoroDoc } from 'loro-crdt';
import { atMost, atMostTimes, forComparison } from '../../measurement.js';
import { median } from '../../statistics.js';
import type { LiveRow } from '../bench.js';
import { bytesKept } from '../heap.js';
import { filesPerDirectory } from '../trees/contender.js';
import { fill } from '../trees/loro.js';
import { byTurns } from '../turns.js';

/** A tree upon a big commit against one upon a small commit: nothing must depend on what is not touched. */
export const create: LiveRow = {
  id: 'create',
  async measure({ small, tell }) {
    const [large, few] = small ? [20_000, 1_000] : [1_000_000, 1_000];
    tell(`create: a commit of ${large} files`);
    const [big, little] = [new Repository(large), new Repository(few)];
    const doc = new LoroDoc();
    fill(doc, (small ? 2_000 : 100_000) / filesPerDirectory);
    const snapshot = doc.export({ mode: 'snapshot' });
    const timed = (name: string, act: () => unknown) => ({
      name,
      turn: () => {
        const start = performance.now();
        act();
        return { took: performance.now() - start };
      },
    });
    const players = [timed('large', () => big.tree()), timed('few', () => little.tree())];
    const samples = await byTurns(players, { turns: 2_000, warm: 500, budget: 4_000 });
    const loro = await byTurns([timed('loro', () => new LoroDoc().import(snapshot))], {
      turns: 5,
      warm: 1,
      budget: 4_000,
    });
    const [count, fewFiles] = [large.toLocaleString('en'), `for ${few.toLocaleString('en')} files`];
    const kept = async (make: (repository: Repository) => unknown) =>
      [await bytesKept(300, () => make(big)), await bytesKept(300, () => make(little))] as const;
    const [untouched, untouchedFew] = await kept((repository) => repository.tree());
    const [touched, touchedFew] = await kept((repository) => repository.editedTree());
    const bytes = { row: this.id, unit: 'B' } as const;
    return [
      atMost(
        {
          row: this.id,
          what: `create upon ${count} files, before the first listing`,
          measured: median(samples('large', 'took')),
          unit: 'ms',
        },
        5,
        [
          { what: fewFiles, value: median(samples('few', 'took')) },
          {
            what: `Loro, which loads a tree of ${doc.getTree('tree').nodes().length.toLocaleString('en')} entries`,
            value: median(loro('loro', 'took')),
          },
        ],
      ),
      atMostTimes({ ...bytes, what: `memory of a tree upon ${count} files`, measured: untouched }, [
        { what: fewFiles, value: untouchedFew, limit: 1.05 },
      ]),
      forComparison({ ...bytes, what: 'the same, one file edited (its directories are listed)', measured: touched }, [
        { what: fewFiles, value: touchedFew },
      ]),
    ];
  },
};

/** A commit of so many files, fifty to a directory, in memory. */
class Repository {
  readonly #provider = new MemoryProvider();
  readonly #base: string;

  constructor(count: number) {
    const files = new Map<string, string>();
    for (let index = 0; index < count; index += 1) {
      const unit = Math.floor(index / 50);
      files.set(`src/part${Math.floor(unit / 40)}/unit${unit}/file${index}.c`, 'int main(void) { return 0; }\n');
    }
    this.#base = this.#provider.commit(files);
  }

  tree(): WorkTree {
    return WorkTree.create({ replica: 1, base: this.#base, provider: this.#provider, clock: () => 0 });
  }

  async editedTree(): Promise<WorkTree> {
    const tree = this.tree();
    const buffer = await tree.open('src/part0/unit7/file350.c');
    buffer.edit([{ start: 0, end: 3 }], 'long');
    return tree;
  }
}
