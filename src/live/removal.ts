import { bytesAt } from './committed-base.js';
import type { EpochState } from './epoch.js';
import { dirtyDirectories } from './dirty-directories.js';
import { sameBytes } from './git-object.js';
import { baseNode, basePathIn } from './ids.js';
import type { NodeId, OperationId, Stamp, Vector } from './ids.js';
import { need } from './loading.js';
import type { Log } from './log.js';
import { TouchedFile } from './touched-file.js';

/** What the author of an operation had seen when he made it, that operation included. */
export function seenBy(log: Log, { time, replica }: Stamp): Vector {
  const seen = new Map<number, number>();
  const note = (id: OperationId): void => void seen.set(id.replica, Math.max(seen.get(id.replica) ?? 0, id.seq));
  for (const operation of log.operations()) {
    if (operation.replica !== replica || operation.time > time) continue;
    note(operation);
    for (const dep of operation.deps) note(dep);
  }
  return seen;
}

/** Carries a removal into an epoch whose base may have, there, what the remover never saw. */
export class Removal {
  readonly #from: EpochState;
  readonly #to: EpochState;
  readonly #seen: Vector;
  readonly #dirty: ReadonlySet<NodeId>;

  constructor(from: EpochState, to: EpochState, seen: Vector) {
    this.#from = from;
    this.#to = to;
    this.#seen = seen;
    this.#dirty = dirtyDirectories(to);
  }

  /** What has to go: the entry itself, or where something in it has to stay all else in it. @throws Missing */
  of(node: NodeId, there: NodeId): readonly NodeId[] {
    const gone: NodeId[] = [];
    return this.#covers(node, there, gone) ? [there] : gone;
  }

  /** Whether all that is there now was seen; otherwise what of it was is put into `gone`. */
  #covers(node: NodeId, there: NodeId, gone: NodeId[]): boolean {
    const { view } = this.#to;
    const type = this.#to.typeOf(there);
    if (type === null || this.#isSame(node, there)) return true;
    if (this.#from.typeOf(node) !== type) return false;
    if (type !== 'directory') return this.#isSeen(node, there);
    let isWhole = true;
    const seen: NodeId[] = [];
    const entries = need(view.list([there]), () => view.when(() => view.list([there])));
    for (const below of entries.flatMap(({ nodes }) => nodes)) {
      const child = this.#child(node, below, view.places.place(below)?.name ?? '');
      if (child !== undefined && this.#covers(child, below, seen)) seen.push(below);
      else isWhole = false;
    }
    if (!isWhole) gone.push(...seen);
    return isWhole;
  }

  /** Whether both are of one object of git, which nobody touched since. */
  #isSame(node: NodeId, there: NodeId): boolean {
    const file = this.#to.file(there);
    if (this.#dirty.has(there) || file?.hasEdits === true || (file?.contents.length ?? 0) > 0) return false;
    const entry = this.#to.baseEntry(there);
    return entry !== null && entry.oid !== null && this.#from.baseEntry(node)?.oid === entry.oid;
  }

  /** The entry of a removed directory that its remover knew by a name. */
  #child(node: NodeId, there: NodeId, name: string): NodeId | undefined {
    const { places } = this.#from.view;
    const same = this.#from.made(there) === undefined ? [] : [there];
    for (const child of [...same, ...places.named(node, name)]) {
      const isKnown =
        this.#from.made(child) === undefined ||
        Array.from(this.#from.log.history(child)).some(
          ({ action, replica, seq }) => action.kind === 'create' && seq <= (this.#seen.get(replica) ?? 0),
        );
      if (isKnown) return child;
    }
    const path = basePathIn(this.#from.record.id, node);
    if (path === undefined || places.touchedIn(node).has(name)) return undefined;
    const child = baseNode(this.#from.record.id, path === '' ? name : `${path}/${name}`);
    return this.#from.baseEntry(child) === null ? undefined : child;
  }

  /** Whether a file is as the remover saw it. */
  #isSeen(node: NodeId, there: NodeId): boolean {
    const { around } = this.#from;
    const oid = this.#from.baseEntry(node)?.oid;
    const base = typeof oid === 'string' ? around.blobs.bytes(oid) : new Uint8Array();
    const seen = bytesAt(this.#from, this.#from.file(node) ?? new TouchedFile(node), this.#seen) ?? base;
    return sameBytes(seen, this.#to.bytes(there));
  }
}
