import { TextBuffer, UNDO_GROUP_MS } from './buffer.js';
import type { BufferConflict, BufferHost, ChangeOrigin } from './buffer.js';
import type { Effects, EpochState } from './epoch.js';
import { LiveError } from './errors.js';
import { compareStamps } from './ids.js';
import type { NodeId } from './ids.js';
import { OpenBuffer } from './open-buffer.js';
import { diffTexts } from './text/diff.js';
import type { Edits, TextDocument, Undone } from './text/engine.js';

/** The open buffers of a tree. */
export class Buffers {
  readonly #active: () => EpochState;
  readonly #clock: () => number;
  /** Two may come to have one file in a new epoch. */
  #open = new Map<NodeId, OpenBuffer[]>();
  readonly #edited = new Map<NodeId, number>();

  constructor(active: () => EpochState, clock: () => number) {
    this.#active = active;
    this.#clock = clock;
  }

  *all(): Iterable<OpenBuffer> {
    for (const held of this.#open.values()) yield* held;
  }

  of(node: NodeId): readonly OpenBuffer[] {
    return this.#open.get(node) ?? [];
  }

  /** The buffer of a text, the same for all who open it. @throws Missing */
  open(node: NodeId, path: string, host: BufferHost): TextBuffer {
    const before = this.of(node)[0];
    if (before !== undefined) return before.buffer;
    const document = this.#active().document(node);
    if (document === undefined) throw new LiveError('NOT_TEXT', `${JSON.stringify(path)} is no text.`);
    const open = new OpenBuffer(new TextBuffer(host, node), path, document);
    open.remember(this.#active());
    if (!this.#active().view.places.isTethered(node)) open.toldPath = null;
    open.toldConflicts = this.#conflictKeys(node);
    this.#open.set(node, [open]);
    return open.buffer;
  }

  get(buffer: TextBuffer): OpenBuffer {
    const open = this.of(buffer.entry).find((held) => held.buffer === buffer);
    if (open === undefined) throw new LiveError('ARGUMENT_INVALID', 'The buffer is closed.');
    return open;
  }

  close(buffer: TextBuffer): void {
    const rest = this.of(buffer.entry).filter((held) => held.buffer !== buffer);
    if (rest.length > 0) this.#open.set(buffer.entry, rest);
    else this.#open.delete(buffer.entry);
  }

  /** Puts them under the entries that they have now. */
  reindex(): void {
    const all = Array.from(this.all());
    this.#open = new Map();
    for (const open of all) this.#open.set(open.buffer.entry, [...this.of(open.buffer.entry), open]);
    this.#edited.clear();
  }

  /** An own edit of a text that is loaded, which is not opened for nothing. */
  edit(node: NodeId, edits: Edits): void {
    const real = edits.filter(({ start, end, text }) => start !== end || text !== '');
    if (real.length === 0) return;
    const state = this.#active();
    const document = state.document(node);
    if (document === undefined) throw new LiveError('NOT_TEXT', 'The file is no text any more.');
    const now = this.#clock();
    if (now - (this.#edited.get(node) ?? Number.NEGATIVE_INFINITY) > UNDO_GROUP_MS) document.checkpoint();
    this.#edited.set(node, now);
    const update = document.edit(real);
    if (update === undefined) return;
    state.write({ kind: 'text', node, base: state.seed(node)?.oid ?? null, update });
    this.#tell(node, real, 'local');
  }

  /** An own edit in a buffer, which gets its file back first. */
  editBuffer(buffer: TextBuffer, edits: Edits): void {
    checkEdits(this.get(buffer).length, edits);
    if (edits.every(({ start, end, text }) => start === end && text === '')) return;
    const isBack = this.#tether(this.get(buffer));
    this.edit(buffer.entry, edits);
    if (isBack) this.retell();
  }

  undo(buffer: TextBuffer, step: (document: TextDocument) => Undone | undefined): void {
    const open = this.get(buffer);
    if (open.document === undefined || open.detached !== undefined) return;
    open.document.checkpoint();
    const undone = step(open.document);
    if (undone === undefined) return;
    const state = this.#active();
    const node = buffer.entry;
    state.write({ kind: 'text', node, base: state.seed(node)?.oid ?? null, update: undone.update });
    this.#tell(node, undone.edits, 'local');
    if (this.#tether(open)) this.retell();
  }

  path(buffer: TextBuffer): string | null {
    const { view } = this.#active();
    if (!view.places.isTethered(buffer.entry)) return null;
    const path = view.pathOf(buffer.entry);
    return path === undefined ? this.get(buffer).lastPath : path;
  }

  conflicts(buffer: TextBuffer): BufferConflict[] {
    const state = this.#active();
    const { document } = this.get(buffer);
    const held = Array.from(state.file(buffer.entry)?.conflicts.values() ?? []).sort(compareStamps);
    return held.map(({ replica, seq, action: { before, ours, at } }) => {
      return { id: { replica, seq }, offset: document?.resolve(at) ?? 0, before, ours };
    });
  }

  /** Tells the buffers what others did. */
  integrated({ edits, moved, touched }: Effects): void {
    for (const [node, changed] of edits) {
      if (this.of(node).some(({ detached }) => detached === undefined)) this.#tell(node, changed, 'remote');
    }
    if (moved.length > 0 || touched.size > 0) this.retell();
  }

  /** Tells what changed of paths and conflicts, and gives back their file to those whose file returned. */
  retell(): void {
    const state = this.#active();
    for (const open of this.all()) {
      const { buffer } = open;
      const isThere = state.view.places.place(buffer.entry) !== undefined;
      if (open.detached !== undefined && isThere) this.#attach(open, state.document(buffer.entry));
      open.remember(state);
      const path = this.path(buffer);
      if (path !== open.toldPath) {
        open.toldPath = path;
        buffer.emit('path', path);
      }
      const conflicts = this.#conflictKeys(buffer.entry);
      if (conflicts !== open.toldConflicts) {
        open.toldConflicts = conflicts;
        buffer.emit('conflicts', this.conflicts(buffer));
      }
    }
  }

  #conflictKeys(node: NodeId): string {
    return Array.from(this.#active().file(node)?.conflicts.keys() ?? [])
      .toSorted()
      .join(' ');
  }

  /** Gives a buffer its file back; `true` when it had none. */
  #tether(open: OpenBuffer): boolean {
    const state = this.#active();
    if (state.view.places.isTethered(open.buffer.entry)) return false;
    open.tether(state);
    if (open.detached === undefined) return true;
    // The file comes back as its base had it: the text that stayed here is an edit of that.
    const text = open.detached;
    const document = state.document(open.buffer.entry);
    if (document !== undefined) this.#amend(open.buffer.entry, diffTexts(document.text(), text), document);
    open.take(document, undefined, []);
    return true;
  }

  #amend(node: NodeId, edits: Edits, document: TextDocument): void {
    const state = this.#active();
    const update = document.edit(edits);
    if (update !== undefined) state.write({ kind: 'text', node, base: state.seed(node)?.oid ?? null, update });
    document.checkpoint();
  }

  #attach(open: OpenBuffer, document: TextDocument | undefined): void {
    if (document === undefined) return;
    const edits = diffTexts(open.text(), document.text());
    open.take(document, undefined, edits);
    if (edits.length > 0) open.buffer.emit('change', { edits, origin: 'remote' });
  }

  #tell(node: NodeId, edits: Edits, origin: ChangeOrigin): void {
    if (edits.length === 0) return;
    for (const { buffer } of this.of(node)) buffer.emit('change', { edits, origin });
  }
}

/** @throws LiveError RANGE_INVALID, before anything is done */
function checkEdits(length: number, edits: Edits): void {
  let last = 0;
  for (const { start, end } of edits) {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < last || end < start || end > length) {
      throw new LiveError(
        'RANGE_INVALID',
        `The range ${start} to ${end} is none of a text of ${length}, or overlaps another.`,
      );
    }
    last = end;
  }
}
