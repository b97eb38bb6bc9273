import { find, nearestDirectory } from './tree-edits.js';
import type { Buffers } from './buffers.js';
import { carryOver } from './carry-over.js';
import type { Work } from './carry-over.js';
import type { EpochState } from './epoch.js';
import type { NodeId } from './ids.js';
import { LiveError } from './errors.js';
import { forEachLoaded } from './loading.js';
import type { OpenBuffer, Step } from './open-buffer.js';
import type { Presence } from './operation.js';
import type { Passage } from './passage.js';
import type { PresenceTable } from './presence.js';
import { diffTexts } from './text/diff.js';
import { mapOffset } from './text/edits.js';
import type { Edits, TextDocument } from './text/engine.js';

/** Where a buffer's file is in the new epoch. */
interface Berth {
  /** `null`: nowhere, unless it is carried over. */
  readonly node: NodeId | null;
  /** The way to its last place there. */
  readonly way: readonly Step[];
}

/** What one text became of another. */
interface Carried {
  readonly node: NodeId;
  readonly from: TextDocument;
  readonly to: TextDocument;
  readonly edits: Edits;
}

/**
 * One replica's step from an epoch to the next: what is carried, and what becomes of the buffers and selections. `look` carries the works into `draft`, a copy
 * of the next epoch or one that nobody knows yet, and says by `Missing` what has to be loaded; then the draft is of no more use. `act` does the rest, and cannot fail.
 */
export class Transition {
  readonly #from: EpochState;
  readonly #to: EpochState;
  readonly #draft: EpochState;
  readonly #works: readonly Work[];
  readonly #passage: Passage;
  readonly #buffers: Buffers;
  readonly #presence: PresenceTable;
  readonly #berths = new Map<OpenBuffer, Berth>();

  constructor(
    from: EpochState,
    to: EpochState,
    draft: EpochState,
    works: readonly Work[],
    passage: Passage,
    buffers: Buffers,
    presence: PresenceTable,
  ) {
    this.#from = from;
    this.#to = to;
    this.#draft = draft;
    this.#works = works;
    this.#passage = passage;
    this.#buffers = buffers;
    this.#presence = presence;
  }

  /** @throws Missing */
  look(): void {
    // Each work stands upon what was carried before it.
    const carry = (): void => {
      for (const work of this.#works) carryOver(work, this.#draft);
    };
    const berth = (): void => forEachLoaded(this.#buffers.all(), (open) => this.#berths.set(open, this.#berthOf(open)));
    forEachLoaded([carry, berth], (part) => part());
  }

  /** Carries, and moves the buffers; `enter` makes the new epoch active. Returns what is to be told, once all is done. */
  act(enter: () => void): () => void {
    if (this.#draft !== this.#to) this.#to.adopt(this.#draft);
    const texts = new Map(Array.from(this.#buffers.all(), (open) => [open, open.text()]));
    const carried = new Map<NodeId, Carried>();
    const moves = Array.from(this.#berths, ([open, berth]) =>
      this.#moveBuffer(open, berth, texts.get(open) ?? '', carried),
    );
    enter();
    this.#buffers.reindex();
    this.#presence.translate(this.#from.record.id, this.#to.record.id, (presence) => carryPresence(presence, carried));
    for (const move of moves) move();
    this.#from.close();
    return () => {
      for (const [open, before] of texts) {
        const edits = diffTexts(before, open.text());
        if (edits.length > 0) open.buffer.emit('change', { edits, origin: 'epoch' });
      }
      this.#buffers.retell();
    };
  }

  #berthOf(open: OpenBuffer): Berth {
    const there = this.#passage.translate(open.buffer.entry);
    const node = there !== null && this.#to.seed(there) !== undefined ? there : this.#returned(open);
    const slash = open.lastPath.lastIndexOf('/');
    return { node, way: wayTo(this.#to, open.lastPath.slice(0, Math.max(slash, 0))) };
  }

  /** A file that an untethered buffer had before, which the new base has again. */
  #returned(open: OpenBuffer): NodeId | null {
    if (open.detached === undefined) return null;
    const entry = find(this.#to, open.lastPath);
    if (entry?.type !== 'file' || this.#to.seed(entry.nodes[0]) === undefined) return null;
    return entry.nodes[0];
  }

  #moveBuffer(open: OpenBuffer, berth: Berth, text: string, carried: Map<NodeId, Carried>): () => void {
    const before = open.buffer.entry;
    const seed = this.#from.seed(before);
    // Carried over, it kept its id.
    const node = this.#to.made(before) === undefined ? berth.node : before;
    const from = open.document;
    if (node === null) {
      if (seed !== undefined) this.#to.plant(before, seed);
      open.way = berth.way;
      return () => open.take(undefined, text, []);
    }
    const to = this.#to.document(node);
    const edits = to === undefined ? [] : diffTexts(text, to.text());
    if (to !== undefined && from !== undefined && open.detached === undefined)
      carried.set(before, { node, from, to, edits });
    const anchors = open.anchors();
    open.buffer.rename(node);
    return () => {
      open.take(to, undefined, []);
      for (const [anchor, offset] of anchors) anchor.hold(mapOffset(offset, anchor.bias, edits));
    };
  }
}

function wayTo(to: EpochState, path: string): readonly Step[] {
  try {
    const { directory, missing } = nearestDirectory(to, path);
    return [{ node: directory, name: '' }, ...missing.map((name) => ({ node: undefined, name }))];
  } catch (error) {
    // A file is in the way: then it would come back in the root.
    if (error instanceof LiveError) return [];
    throw error;
  }
}

function carryPresence(
  presence: Presence,
  carried: ReadonlyMap<NodeId, Carried>,
): Pick<Presence, 'node' | 'selections'> {
  const text = presence.node === null ? undefined : carried.get(presence.node);
  if (text === undefined) return { node: null, selections: [] };
  const again = (anchor: Uint8Array): Uint8Array =>
    text.to.anchor(mapOffset(text.from.resolve(anchor) ?? 0, 'before', text.edits), 'before');
  const selections = presence.selections.map(({ anchor, head }) => ({ anchor: again(anchor), head: again(head) }));
  return { node: text.node, selections };
}
