import type { BaseTree } from './base-tree.js';
import type { Work } from './carry-over.js';
import type { Chronicle } from './chronicle.js';
import { committedBase } from './committed-base.js';
import { EpochState } from './epoch.js';
import type { Surroundings } from './epoch.js';
import { LiveError } from './errors.js';
import { objectId } from './git-object.js';

import type { NodeId, Oid, Version } from './ids.js';
import { forEachLoaded, need } from './loading.js';
import type { Epoch } from './operation.js';
import { viewAt } from './passage.js';

/** So many ancestors an epoch tells of. */
const LINEAGE_LIMIT = 100;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The tree of a commit, the same each time while an epoch is being loaded; `known` gives what of it follows from what is here. */
export type BaseOf = (commit: Oid | null, known?: () => BaseTree | undefined) => BaseTree;

/** Makes epochs. */
export class Successor {
  readonly #chronicle: Chronicle;
  readonly #around: Surroundings;

  constructor(chronicle: Chronicle, around: Surroundings) {
    this.#chronicle = chronicle;
    this.#around = around;
  }

  first(base: Oid | null): EpochState {
    const id = { time: 1, replica: this.#around.replica };
    this.#around.lamport.time = 1;
    const record: Epoch = {
      id,
      kind: 'first',
      base,
      parent: null,
      settled: new Map(),
      lineage: [],
      became: [],
      carried: 0,
    };
    return new EpochState(record, this.#around);
  }

  /**
   * The epoch that follows upon the active one, or for a commit upon the version's, not yet known to anybody; and what its creator has to carry into it.
   * @throws LiveError ARGUMENT_INVALID; Missing
   */
  after(
    kind: 'reset' | 'commit',
    base: Oid | null,
    version: Version | undefined,
    baseOf: BaseOf,
  ): { readonly next: EpochState; readonly works: readonly Work[] } {
    const { active } = this.#chronicle;
    const parent = version === undefined ? active : this.#chronicle.known(version.epoch);
    if (parent === undefined) {
      throw new LiveError('ARGUMENT_INVALID', 'The version is of an epoch that is not known here.');
    }
    const settled = new Map(version?.vector ?? active.log.vector);
    const before = parent.record;
    const lineage =
      before.parent === null ? [] : [{ epoch: before.parent, settled: before.settled }, ...before.lineage];
    const record: Epoch = {
      id: { time: this.#around.lamport.time + 1, replica: this.#around.replica },
      kind,
      base,
      parent: before.id,
      settled,
      lineage: lineage.slice(0, LINEAGE_LIMIT),
      became: [],
      carried: 0,
    };
    const became = kind === 'commit' ? committedPlaces(parent, record) : sameInBase(parent, baseOf(base));
    const next = new EpochState({ ...record, became }, this.#around);
    Successor.prepare(this.#chronicle, next, baseOf);
    if (kind === 'reset') {
      // What the new base holds just so is carried by being there.
      const isThere = new Set(became.map(({ node }) => node));
      const isCarried: Work['includes'] = ({ action }) => !('node' in action && isThere.has(action.node));
      const work = this.#chronicle.work(parent, next, new Map(), isCarried, { version: settled, by: 'creator' });
      return { next, works: [work] };
    }
    const works = this.#chronicle
      .works(next)
      .map((work) =>
        work.epoch === parent ? { ...work, remains: { version: settled, by: 'creator' } as const } : work,
      );
    return { next, works };
  }

  /** Tells an epoch what is known of its base. */
  static prepare(chronicle: Chronicle, next: EpochState, baseOf: BaseOf): void {
    const { kind, base, parent, settled } = next.record;
    const before = parent === null || kind !== 'commit' || base === null ? undefined : chronicle.known(parent);
    next.useBase(
      baseOf(base, () => (before === undefined || base === null ? undefined : committedBase(before, settled, base))),
    );
  }

  /** All that its creator carried belongs to an epoch. */
  static complete({ record, log }: EpochState): void {
    (record as Mutable<Epoch>).carried = log.vector.get(record.id.replica) ?? 0;
  }
}

/** Where a commit has those entries of its epoch that the base before had not, or had elsewhere. */
function committedPlaces(parent: EpochState, { settled }: Epoch): Epoch['became'] {
  const view = viewAt(parent, settled);
  const became: { node: NodeId; path: string }[] = [];
  forEachLoaded(view.places.touched(), (node) => {
    const path = need(view.pathOf(node), () => view.when(() => view.pathOf(node)));
    const type = need(view.typeOf(node), () => view.when(() => view.typeOf(node)));
    if (path !== null && type !== null && type !== 'directory') became.push({ node, path });
  });
  return became;
}

/** Files that the new base has where they are now, just as they are: somebody committed them without saying so. */
function sameInBase(parent: EpochState, base: BaseTree): Epoch['became'] {
  const { view } = parent;
  const became: { node: NodeId; path: string }[] = [];
  forEachLoaded(view.places.touched(), (node) => {
    const path = need(view.pathOf(node), () => view.when(() => view.pathOf(node)));
    if (path === null || view.places.basePath(node) === path) return;
    const entry = need(base.find(path), () => base.locate(path));
    const mode = parent.mode(node);
    if (entry === null || entry.oid === null || entry.mode !== mode || mode === 0o40000 || mode === 0o160000) return;
    if (objectId('blob', parent.bytes(node), entry.oid.length) === entry.oid) became.push({ node, path });
  });
  return became;
}
