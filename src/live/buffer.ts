import { Emitter } from './events.js';
import type { NodeId, OperationId } from './ids.js';
import { offsetOf, pointOf } from './position.js';
import type { Point, Position } from './position.js';
import type { Bias, Edit, Edits } from './text/engine.js';

/** Edits made within so many milliseconds of one another are undone together. */
export const UNDO_GROUP_MS = 500;

/** A stretch of a text, `end` not included. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** A selection: from where it was begun to where it was drawn; the two may be equal. */
export interface Selection {
  readonly anchor: Position;
  readonly head: Position;
}

/** What made a text change: this replica's own edit, another's, or a new epoch. */
export type ChangeOrigin = 'local' | 'remote' | 'epoch';

export interface TextChange {
  /** Upon the text before, in order, not overlapping: they alone rebuild the text. */
  readonly edits: Edits;
  readonly origin: ChangeOrigin;
}

/** Text of somebody's that found no place in a new epoch, because the lines around it had changed there as well. */
export interface BufferConflict {
  readonly id: OperationId;
  /** Where the text would have been. */
  readonly offset: number;
  /** The lines as they were before both changes. */
  readonly before: string;
  /** The same lines as their author had them. */
  readonly ours: string;
}

export interface BufferEvents {
  change: TextChange;
  /** The file is elsewhere; `null`: it is gone, the buffer is untethered. */
  path: string | null;
  /** There are more, or fewer, conflicts. */
  conflicts: readonly BufferConflict[];
}

/** A place that moves along with the text around it, through edits, renames and epochs. */
export interface Anchor {
  /** Where it is now. */
  offset(): number;
}

/** What a buffer asks of its tree. */
export interface BufferHost {
  text(buffer: TextBuffer): string;
  edit(buffer: TextBuffer, edits: Edits): void;
  undo(buffer: TextBuffer): void;
  redo(buffer: TextBuffer): void;
  path(buffer: TextBuffer): string | null;
  conflicts(buffer: TextBuffer): readonly BufferConflict[];
  resolve(conflict: OperationId): void;
  anchor(buffer: TextBuffer, offset: number, bias: Bias): Anchor;
  select(buffer: TextBuffer, selections: readonly { readonly anchor: number; readonly head: number }[]): void;
  close(buffer: TextBuffer): void;
}

/**
 * One text, open: it stays open when the file is renamed, when it is removed (it is *untethered* then, keeps its text, and gets a file again when it is
 * edited or the file returns), and when a new epoch begins. Offsets count UTF-16 code units; none may split a surrogate pair.
 */
export class TextBuffer {
  readonly #host: BufferHost;
  readonly #events = new Emitter<BufferEvents>();
  #entry: NodeId;

  /** Made by `WorkTree.open`. */
  constructor(host: BufferHost, entry: NodeId) {
    this.#host = host;
    this.#entry = entry;
  }

  /** The file's identity. It stays the same when the file is renamed; a new epoch may give it another. */
  get entry(): NodeId {
    return this.#entry;
  }

  text(): string {
    return this.#host.text(this);
  }

  /** Where the file is; `null` when the buffer is untethered. */
  path(): string | null {
    return this.#host.path(this);
  }

  /**
   * Replaces each range by `text`; lone surrogates in it become U+FFFD.
   * @throws LiveError RANGE_INVALID when a range is outside, splits a surrogate pair, or overlaps another
   */
  edit(ranges: readonly Range[], text: string): void {
    const current = ranges.some(({ start, end }) => typeof start !== 'number' || typeof end !== 'number')
      ? this.text()
      : '';
    const inserted = text.toWellFormed();
    const edits = ranges.map(({ start, end }): Edit => {
      return { start: offsetOf(current, start), end: offsetOf(current, end), text: inserted };
    });
    this.#host.edit(
      this,
      edits.toSorted((a, b) => a.start - b.start || a.end - b.end),
    );
  }

  /** Takes back the last group of this replica's own edits (`UNDO_GROUP_MS`), never others'. The history begins anew with each epoch. */
  undo(): void {
    this.#host.undo(this);
  }

  redo(): void {
    this.#host.redo(this);
  }

  /** A place that moves along; `bias`: which neighbour it keeps to when something is inserted just there. */
  anchor(position: Position, bias: Bias = 'before'): Anchor {
    return this.#host.anchor(this, this.offset(position), bias);
  }

  /** Tells the others what is selected here; see `WorkTree.presence`. */
  select(selections: readonly Selection[]): void {
    this.#host.select(
      this,
      selections.map(({ anchor, head }) => ({ anchor: this.offset(anchor), head: this.offset(head) })),
    );
  }

  conflicts(): readonly BufferConflict[] {
    return this.#host.conflicts(this);
  }

  /** Says that a conflict was dealt with: nobody is shown it any more. */
  resolve(conflict: OperationId): void {
    this.#host.resolve(conflict);
  }

  /** @throws LiveError RANGE_INVALID */
  offset(position: Position): number {
    return typeof position === 'number' ? position : offsetOf(this.text(), position);
  }

  /** @throws LiveError RANGE_INVALID */
  point(offset: number): Point {
    return pointOf(this.text(), offset);
  }

  /** Returns what ends the listening. */
  on<Name extends keyof BufferEvents>(name: Name, listener: (value: BufferEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Ends it: no events any more. The file stays as it is. */
  close(): void {
    this.#host.close(this);
  }

  /** For the tree alone. */
  emit<Name extends keyof BufferEvents>(name: Name, value: BufferEvents[Name]): void {
    this.#events.emit(name, value);
  }

  /** For the tree alone: the file has another identity. */
  rename(entry: NodeId): void {
    this.#entry = entry;
  }
}
