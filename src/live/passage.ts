import type { EpochState } from './epoch.js';
import { baseNode, basePathIn, compareStamps } from './ids.js';
import type { EpochId, NodeId, Vector } from './ids.js';
import { need } from './loading.js';
import { covers } from './version.js';
import type { TreeView } from './view.js';

/** The epochs that are known here. */
export type KnownEpochs = (id: EpochId) => EpochState | undefined;

/** What of an ancestor's operations the line from it to `epoch` settled; `undefined` when it is no ancestor, or one too far back. */
export function settledBy({ record }: EpochState, ancestor: EpochId): Vector | undefined {
  if (record.parent !== null && compareStamps(record.parent, ancestor) === 0) return record.settled;
  return record.lineage.find(({ epoch }) => compareStamps(epoch, ancestor) === 0)?.settled;
}

/**
 * Which entry of one epoch is which of another, `null` where it has none there. An entry that was carried over, or may still be, keeps its id. From an
 * epoch to a later one that stands upon it an entry goes by the path at which the commit has it; from one on another line back to where the lines parted, and from
 * there on.
 */
export class Passage {
  readonly #from: EpochState;
  readonly #to: EpochState;
  readonly #known: KnownEpochs;
  readonly #became: ReadonlyMap<NodeId, string>;
  readonly #settledViews = new Map<EpochState, TreeView>();

  constructor(from: EpochState, to: EpochState, known: KnownEpochs) {
    this.#from = from;
    this.#to = to;
    this.#known = known;
    this.#became = new Map(to.record.became.map(({ node, path }) => [node, path]));
  }

  /** @throws Missing */
  translate(node: NodeId): NodeId | null {
    const there = this.#translate(node, this.#from);
    if (there === null || there === node) return there;
    // On the way another kind of entry may have stood at its path.
    const type = this.#from.typeOf(node);
    if (this.#to.typeOf(there) === type) return there;
    const path = basePathIn(this.#from.record.id, node);
    const besides = path === undefined ? null : this.#baseAt(path);
    return besides !== null && this.#to.typeOf(besides) === type ? besides : null;
  }

  #translate(node: NodeId, from: EpochState): NodeId | null {
    if (node === from.view.places.root) return this.#to.view.places.root;
    if (this.#to.made(node) !== undefined) return node;
    const became = this.#became.get(node);
    if (became !== undefined) return this.#baseAt(became);
    const settled = settledBy(this.#to, from.record.id);
    return settled === undefined ? this.#sideways(node, from) : this.#onwards(node, from, settled);
  }

  #onwards(node: NodeId, from: EpochState, settled: Vector): NodeId | null {
    const { record } = this.#to;
    const isParent = record.parent !== null && compareStamps(record.parent, from.record.id) === 0;
    const own = basePathIn(from.record.id, node);
    if (isParent && record.kind === 'reset') return own === undefined ? null : this.#baseAt(own);
    const view = this.#settledView(from, settled);
    const path = need(view.pathOf(node), () => view.when(() => view.pathOf(node)));
    const there = path === null ? null : this.#baseAt(path);
    if (there !== null || isParent || own === undefined) return there;
    return this.#baseAt(own);
  }

  /** `from` is on a line that left the other's: back by one epoch, and on from there. */
  #sideways(node: NodeId, from: EpochState): NodeId | null {
    const parent = from.record.parent === null ? undefined : this.#known(from.record.parent);
    const path = basePathIn(from.record.id, node);
    if (parent === undefined) return path === undefined ? null : this.#baseAt(path);
    if (path === undefined) return this.#translate(node, parent);
    const before = this.#before(path, from, parent);
    return before === null ? null : this.#translate(before, parent);
  }

  #before(path: string, { record }: EpochState, parent: EpochState): NodeId | null {
    const became = record.became.find((entry) => entry.path === path)?.node;
    if (became !== undefined) return became;
    if (record.kind === 'commit' && covers(parent.log.vector, record.settled)) {
      const view = this.#settledView(parent, record.settled);
      return need(view.resolve(path), () => view.when(() => view.resolve(path)))?.nodes[0] ?? null;
    }
    return baseNode(parent.record.id, path);
  }

  #baseAt(path: string): NodeId | null {
    const { base, record } = this.#to;
    const entry = need(base.find(path), () => base.locate(path));
    return entry === null ? null : baseNode(record.id, path);
  }

  #settledView(epoch: EpochState, settled: Vector): TreeView {
    if (covers(settled, epoch.log.vector)) return epoch.view;
    let view = this.#settledViews.get(epoch);
    if (view === undefined) {
      view = viewAt(epoch, settled);
      this.#settledViews.set(epoch, view);
    }
    return view;
  }
}

/** What an epoch showed at a version of it. */
export function viewAt(epoch: EpochState, vector: Vector): TreeView {
  if (covers(vector, epoch.log.vector)) return epoch.view;
  return epoch.viewOf(epoch.tree.at(({ replica, seq }) => seq <= (vector.get(replica) ?? 0)));
}
