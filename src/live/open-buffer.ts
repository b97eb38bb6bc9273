import type { Anchor, TextBuffer } from './buffer.js';
import type { EpochState } from './epoch.js';
import type { NodeId } from './ids.js';
import { mapOffset } from './text/edits.js';
import type { Bias, Edits, TextDocument } from './text/engine.js';
import { make } from './tree-edits.js';

/** A directory on the way to a file: which one it was, if it was there, and its name. */
export interface Step {
  readonly node: NodeId | undefined;
  readonly name: string;
}

/** An anchor as the tree keeps it. */
class MovingAnchor implements Anchor {
  readonly bias: Bias;
  readonly #open: OpenBuffer;
  #bytes: Uint8Array | undefined;
  #offset: number;

  constructor(open: OpenBuffer, offset: number, bias: Bias) {
    this.#open = open;
    this.bias = bias;
    this.#offset = offset;
    this.hold(offset);
  }

  offset(): number {
    if (this.#bytes !== undefined) this.#offset = this.#open.document?.resolve(this.#bytes) ?? this.#offset;
    return this.#offset;
  }

  hold(offset: number): void {
    this.#offset = offset;
    this.#bytes = this.#open.document?.anchor(offset, this.bias);
  }
}

/** What a tree knows of a buffer that is open. */
export class OpenBuffer {
  readonly buffer: TextBuffer;
  /** Where the file showed last. */
  lastPath: string;
  /** The path that listeners know. */
  toldPath: string | null;
  /** The way to where the file was last: directories from the root on. */
  way: readonly Step[] = [];
  name = '';
  /** The text of one whose file is nowhere; otherwise it is in the document. */
  detached: string | undefined;
  document: TextDocument | undefined;
  toldConflicts = '';
  #anchors: WeakRef<MovingAnchor>[] = [];

  constructor(buffer: TextBuffer, path: string, document: TextDocument) {
    this.buffer = buffer;
    this.lastPath = path;
    this.toldPath = path;
    this.document = document;
  }

  text(): string {
    return this.detached ?? this.document?.text() ?? '';
  }

  get length(): number {
    return this.detached?.length ?? this.document?.length ?? 0;
  }

  anchor(offset: number, bias: Bias): Anchor {
    const anchor = new MovingAnchor(this, offset, bias);
    this.#anchors = this.#anchors.filter((other) => other.deref() !== undefined);
    this.#anchors.push(new WeakRef(anchor));
    return anchor;
  }

  /** Where the anchors are, for `moveAnchors`. */
  anchors(): (readonly [anchor: MovingAnchor, offset: number])[] {
    return this.#anchors.flatMap((reference) => {
      const anchor = reference.deref();
      return anchor === undefined ? [] : [[anchor, anchor.offset()] as const];
    });
  }

  /** Takes another text in place of the one before; `edits` make it out of that. */
  take(document: TextDocument | undefined, detached: string | undefined, edits: Edits): void {
    const anchors = this.anchors();
    this.document = document;
    this.detached = detached;
    for (const [anchor, offset] of anchors) anchor.hold(mapOffset(offset, anchor.bias, edits));
  }

  /** Remembers where the file is, as long as it is somewhere. */
  remember(state: EpochState): void {
    const { places } = state.view;
    const node = this.buffer.entry;
    const place = places.place(node);
    if (place === undefined || place.parent === null || !places.isTethered(node)) return;
    const way: Step[] = [];
    for (let at: NodeId | null = place.parent; typeof at === 'string' && at !== places.root;) {
      const above = places.place(at);
      way.unshift({ node: at, name: above?.name ?? '' });
      at = above?.parent ?? null;
    }
    this.way = [{ node: places.root, name: '' }, ...way];
    this.name = place.name;
    const path = state.view.pathOf(node);
    if (typeof path === 'string') this.lastPath = path;
  }

  /** Puts the file back where it was last, directories made again as needed. */
  tether(state: EpochState): void {
    const { places } = state.view;
    const node = this.buffer.entry;
    const there = this.way.findLastIndex((step) => step.node !== undefined && places.isTethered(step.node));
    let parent = this.way[there]?.node ?? places.root;
    for (const { name } of this.way.slice(there + 1)) {
      if (name !== '') parent = make(state, parent, name, 'directory', false);
    }
    if (places.place(node) !== undefined) state.write({ kind: 'move', node, parent, name: this.name });
    else state.write({ kind: 'create', node, parent, name: this.name, type: 'text', executable: false });
  }
}
