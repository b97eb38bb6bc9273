import * as fc from 'fast-check';
import type { EntryType } from '../../../src/live/base-listing.js';
import { baseNode, madeNode } from '../../../src/live/ids.js';
import type { EpochId, NodeId } from '../../../src/live/ids.js';
import type { TreeMove } from '../../../src/live/places.js';
import type { Files } from './memory-git.js';

export const epoch: EpochId = { time: 3, replica: 7 };

/** Few names, so that they meet; among them such as the view gives out itself. */
export const name = fc.constantFrom('a', 'b', 'c', 'a~1', 'a~2', 'b~1~1', 'é', '\u{1f600}', '\udcff');

/** A base in which no path is both file and directory. */
export const files: fc.Arbitrary<Files> = fc
  .array(
    fc.tuple(
      fc.array(name, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0o100644, 0o100755, 0o120000),
      fc.string(),
    ),
    {
      maxLength: 12,
      size: 'max',
    },
  )
  .map((list) => {
    const kept = new Map<string, { mode: number; content: string }>();
    for (const [parts, mode, content] of list) {
      const path = parts.join('/');
      const meets = [...kept.keys()].some(
        (other) => `${path}/`.startsWith(`${other}/`) || other.startsWith(`${path}/`),
      );
      if (!meets) kept.set(path, { mode, content });
    }
    return kept;
  });

/** One thing that happens; the numbers choose among what is there. */
export type Step =
  | {
      readonly kind: 'move' | 'create';
      readonly by: number;
      readonly node: number;
      readonly parent: number;
      readonly name: string;
    }
  | { readonly kind: 'deliver'; readonly by: number; readonly from: number; readonly picks: readonly number[] };

const by = fc.nat({ max: 4 });
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('move' as const), by, node: fc.nat(), parent: fc.nat(), name }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('create' as const), by, node: fc.nat(), parent: fc.nat(), name }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      by,
      from: by,
      picks: fc.array(fc.nat(), { maxLength: 12, size: 'max' }),
    }),
  },
);

/** A replica as far as the tree goes: what it knows, in the order in which it came. */
export interface Peer {
  readonly replica: number;
  readonly known: TreeMove[];
  time: number;
  seq: number;
}

/** Plays a script; `arrived` is called with every batch that comes to a peer, its own moves one by one. */
export class TreeScript {
  readonly peers: readonly Peer[];
  readonly made = new Map<NodeId, EntryType>();
  readonly nodes: NodeId[];

  constructor(replicas: number, base: Files) {
    this.peers = Array.from({ length: replicas }, (_, at) => ({ replica: at + 1, known: [], time: 0, seq: 0 }));
    const paths = new Set(['', 'not/there']);
    for (const path of base.keys()) {
      const parts = path.split('/');
      for (let depth = 1; depth <= parts.length; depth += 1) paths.add(parts.slice(0, depth).join('/'));
    }
    this.nodes = Array.from(paths, (path) => baseNode(epoch, path));
  }

  play(step: Step, arrived: (peer: Peer, batch: readonly TreeMove[]) => void): void {
    const peer = this.#peer(step.by);
    if (step.kind === 'deliver') {
      const all = this.#peer(step.from).known;
      const batch = step.picks.flatMap((pick) => all[pick % Math.max(all.length, 1)] ?? []);
      if (batch.length > 0) arrived(peer, this.#learn(peer, batch));
      return;
    }
    peer.time += 1;
    peer.seq += 1;
    const { replica, seq, time } = peer;
    let node = this.nodes[step.node % this.nodes.length] ?? '';
    if (step.kind === 'create') {
      node = madeNode(epoch, peer);
      this.made.set(node, step.node % 3 === 0 ? 'file' : 'directory');
    }
    const parent = step.parent % 7 === 0 ? null : (this.nodes[step.parent % this.nodes.length] ?? '');
    if (step.kind === 'create') this.nodes.push(node);
    const move = { replica, seq, time, node, parent, name: step.name };
    arrived(peer, this.#learn(peer, [move]));
  }

  /** All moves there are. */
  all(): TreeMove[] {
    return [...new Set(this.peers.flatMap(({ known }) => known))];
  }

  #peer(at: number): Peer {
    return this.peers[at % this.peers.length]!;
  }

  #learn(peer: Peer, batch: readonly TreeMove[]): readonly TreeMove[] {
    for (const move of batch) {
      peer.time = Math.max(peer.time, move.time);
      peer.known.push(move);
    }
    return batch;
  }
}
