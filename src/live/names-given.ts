import {
  basePathIn,
  compareStamps,
  madeNode,
  type EpochId,
  type NodeId,
  type Oid,
  type OperationId,
  type ReplicaId,
} from './ids.js';
import { partsOfNode } from './wire/node-codec.js';
import type { Dep, NodeReference, WireDeed } from './wire/operation-codec.js';
import { Refused } from './wire/refusal.js';

/** A text, and the blob from which it is said to have begun. */
export interface EditedText {
  readonly node: NodeId;
  readonly base: Oid | null;
}

/** What an author's operation has to know of another that it speaks of: whose it is, when its author had seen it. */
export interface Deeds {
  makes(seq: number): boolean;
  conflicts(seq: number): boolean;
}

export const NOTHING: readonly OperationId[] = [];

/** The numbers that an author has given to the replicas and nodes it speaks of in an epoch, and what it has seen. */
export class Names {
  readonly #epoch: EpochId;
  readonly #replica: ReplicaId;
  /** Of all others it has seen: the last seq. */
  readonly observed = new Map<ReplicaId, number>();
  readonly #replicas: ReplicaId[] = [];
  readonly #nodes: NodeId[] = [];
  readonly #numbers = new Map<NodeId, number>();
  /** By number those nodes whose text it has edited, with the blob that it named. */
  readonly #texts: (EditedText | undefined)[] = [];

  constructor(epoch: EpochId, replica: ReplicaId) {
    this.#epoch = epoch;
    this.#replica = replica;
  }

  /** By number. */
  get replicas(): readonly ReplicaId[] {
    return this.#replicas;
  }

  /** The number it has given to a node, or the node. */
  referenceTo(node: NodeId): NodeReference {
    return this.#numbers.get(node) ?? node;
  }

  /** By number all replicas that it speaks of, with those of deps of which it speaks for the first time. */
  replicasWith(deps: readonly { readonly replica?: ReplicaId }[]): readonly ReplicaId[] {
    let all: readonly ReplicaId[] = this.#replicas;
    if (deps.length === 0) return all;
    for (const { replica } of deps) if (replica !== undefined && !this.observed.has(replica)) all = [...all, replica];
    return all;
  }

  depOn(replica: ReplicaId, seq: number): Dep {
    const number = this.#replicas.indexOf(replica) + 1;
    return number === 0 ? { number, replica, seq } : { number, seq };
  }

  /** Operations its next one says it had seen. @throws Refused */
  depsOf(deps: readonly Dep[]): readonly OperationId[] {
    if (deps.length === 0) return NOTHING;
    const only = deps.length === 1 ? deps[0] : undefined;
    if (only !== undefined) return [this.#depOf(only, 0)];
    let last = 0;
    return deps.map((dep) => {
      const seen = this.#depOf(dep, last);
      last = seen.replica;
      return seen;
    });
  }

  /** `last`: the replica of the one before. */
  #depOf({ number, replica: named, seq }: Dep, last: ReplicaId): OperationId {
    const replica = named ?? this.#replicas[number - 1];
    if (replica === undefined) throw new Refused('REFERENCE_INVALID', `No replica has number ${number} yet.`);
    if (replica <= last) throw new Refused('MALFORMED', 'Deps are not ordered by replica.');
    if (replica === this.#replica) throw new Refused('REFERENCE_INVALID', 'A replica has always seen itself.');
    const before = this.observed.get(replica);
    if (named !== undefined && before !== undefined)
      throw new Refused('MALFORMED', `Replica ${replica} is named in full and has a number.`);
    if (seq <= (before ?? 0))
      throw new Refused('REFERENCE_INVALID', `Operation ${seq} of ${replica} had been seen before.`);
    return { replica, seq };
  }

  /** Notes what an operation said it had seen. */
  observe(deps: readonly OperationId[]): void {
    for (const { replica, seq } of deps) {
      if (!this.observed.has(replica)) this.#replicas.push(replica);
      this.observed.set(replica, seq);
    }
  }

  /** What an operation speaks of for the first time, in the order in which it gets its numbers. */
  freshNodes(action: WireDeed, seq: number, seen: (id: OperationId) => Deeds | undefined): NodeId[] {
    if (action.kind === 'resolve') return [];
    const fresh: NodeId[] = [];
    const see = (reference: NodeReference): void => {
      if (typeof reference === 'number') {
        if (reference > this.#nodes.length + fresh.length)
          throw new Refused('REFERENCE_INVALID', `No node has number ${reference} yet.`);
        return;
      }
      if (this.#numbers.has(reference) || fresh.includes(reference))
        throw new Refused('MALFORMED', `${JSON.stringify(reference)} is named in full and has a number.`);
      const { epoch, by } = partsOfNode(reference) ?? { epoch: this.#epoch };
      if (by !== undefined && compareStamps(epoch, this.#epoch) === 0 && seen(by)?.makes(by.seq) !== true)
        throw new Refused('REFERENCE_INVALID', `Its author had not seen ${JSON.stringify(reference)} made.`);
      fresh.push(reference);
    };
    if (action.node === null) fresh.push(madeNode(this.#epoch, { replica: this.#replica, seq }));
    else see(action.node);
    if ((action.kind === 'create' || action.kind === 'move') && action.parent !== null) see(action.parent);
    return fresh;
  }

  check(action: WireDeed, fresh: readonly NodeId[], seen: (id: OperationId) => Deeds | undefined): void {
    if (action.kind === 'resolve') {
      if (seen(action.conflict)?.conflicts(action.conflict.seq) !== true)
        throw new Refused('REFERENCE_INVALID', 'What it resolves is no conflict that its author had seen.');
      return;
    }
    const whole = (reference: NodeReference): NodeId =>
      typeof reference === 'string'
        ? reference
        : (this.#nodes[reference - 1] ?? fresh[reference - 1 - this.#nodes.length] ?? '');
    const node = action.node === null ? (fresh[0] ?? '') : whole(action.node);
    // Of all ids only that of a root ends with a slash.
    if (node.endsWith('/')) throw new Refused('REFERENCE_INVALID', 'A root cannot be changed.');
    if ((action.kind === 'create' || action.kind === 'move') && action.parent !== null && whole(action.parent) === node)
      throw new Refused('REFERENCE_INVALID', 'It would put a node into itself.');
    if (action.kind === 'create' && basePathIn(this.#epoch, node) !== undefined)
      throw new Refused('REFERENCE_INVALID', `${JSON.stringify(node)} is in the base and cannot be created.`);
    if (action.kind === 'text') this.#checkBase(node, action.base);
  }

  #checkBase(node: NodeId, base: Oid | null | undefined): void {
    const known = this.baseOf(node) !== undefined;
    if (known && base !== undefined) throw new Refused('MALFORMED', 'The base of a text is named twice.');
    if (!known && base === undefined) throw new Refused('REFERENCE_INVALID', 'The base of a text has not been named.');
  }

  nodeOf(reference: NodeReference): NodeId {
    return typeof reference === 'string' ? reference : (this.#nodes[reference - 1] ?? '');
  }

  /** Gives numbers to nodes. */
  number(fresh: readonly NodeId[]): void {
    for (const node of fresh) this.#numbers.set(node, this.#nodes.push(node));
  }

  numberOf(node: NodeId): number | undefined {
    return this.#numbers.get(node);
  }

  /** The text with a number, if its base has been named. */
  text(number: number): EditedText | undefined {
    return this.#texts[number - 1];
  }

  nameBase(number: number, text: EditedText): void {
    this.#texts[number - 1] = text;
  }

  /** The blob that it named for a text; `undefined` when it did not edit that. */
  baseOf(node: NodeId): Oid | null | undefined {
    return this.#texts[(this.#numbers.get(node) ?? 0) - 1]?.base;
  }
}
