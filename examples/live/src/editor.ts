import { defaultKeymap } from '@codemirror/commands';
import { Annotation, EditorState, StateEffect, StateField } from '@codemirror/state';
import type { ChangeSpec, Transaction } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  WidgetType,
} from '@codemirror/view';
import type { DecorationSet, ViewUpdate } from '@codemirror/view';
import type { BufferConflict, TextBuffer, TextChange, WorkTree } from 'mizer/live';

/** Where another one is in this text. */
export interface Other {
  readonly person: string;
  readonly anchor: number;
  readonly head: number;
}

/** The mark of transactions that the tree began, which must not go back to it. */
const fromTree = Annotation.define<boolean>();
const othersAre = StateEffect.define<readonly Other[]>();
const conflictsAre = StateEffect.define<readonly BufferConflict[]>();

class Caret extends WidgetType {
  readonly #person: string;

  constructor(person: string) {
    super();
    this.#person = person;
  }

  override eq(other: Caret): boolean {
    return other.#person === this.#person;
  }

  toDOM(): HTMLElement {
    const caret = document.createElement('span');
    caret.className = 'caret';
    caret.dataset['person'] = this.#person;
    return caret;
  }
}

/** Decorations that move along with the text until they are given anew. */
function decorations<T>(
  effect: ReturnType<typeof StateEffect.define<T>>,
  draw: (value: T, transaction: Transaction) => DecorationSet,
): StateField<DecorationSet> {
  return StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(before, transaction) {
      const given = transaction.effects.find((one) => one.is(effect));
      return given === undefined ? before.map(transaction.changes) : draw(given.value as T, transaction);
    },
    provide: (field) => EditorView.decorations.from(field),
  });
}

const others = decorations(othersAre, (list, { newDoc }) =>
  Decoration.set(
    list.flatMap(({ person, anchor, head }) => {
      const [from, to] = [Math.min(anchor, head), Math.min(Math.max(anchor, head), newDoc.length)];
      const selected = Decoration.mark({ class: 'theirs', attributes: { 'data-person': person } });
      const caret = Decoration.widget({ widget: new Caret(person), side: 1 }).range(Math.min(head, newDoc.length));
      return from < to ? [selected.range(from, to), caret] : [caret];
    }),
    true,
  ),
);

const conflicts = decorations(conflictsAre, (list, { newDoc }) =>
  Decoration.set(
    list.map(({ offset }) => {
      return Decoration.line({ class: 'conflict' }).range(newDoc.lineAt(Math.min(offset, newDoc.length)).from);
    }),
    true,
  ),
);

/** A CodeMirror editor that shows a buffer, types into it, and undoes with it. */
export class TextEditor {
  readonly buffer: TextBuffer;
  readonly #view: EditorView;
  readonly #tree: WorkTree;
  readonly #off: () => void;
  #isTyping = false;

  constructor(parent: HTMLElement, tree: WorkTree, buffer: TextBuffer) {
    this.buffer = buffer;
    this.#tree = tree;
    const run = (act: () => void) => (): boolean => {
      act();
      return true;
    };
    const undo = run(() => buffer.undo());
    const redo = run(() => buffer.redo());
    this.#view = new EditorView({
      parent,
      doc: buffer.text(),
      extensions: [
        // A carriage return is a character like any other: the text must be the buffer's, offset by offset.
        EditorState.lineSeparator.of('\n'),
        keymap.of([
          { key: 'Mod-z', run: undo, shift: redo, preventDefault: true },
          { key: 'Mod-y', run: redo, preventDefault: true },
          ...defaultKeymap,
        ]),
        lineNumbers(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        EditorView.updateListener.of((update) => this.#updated(update)),
        others,
        conflicts,
      ],
    });
    this.#off = buffer.on('change', (change) => this.#changed(change));
  }

  focus(): void {
    this.#view.focus();
  }

  show(where: readonly Other[], open: readonly BufferConflict[]): void {
    this.#view.dispatch({ effects: [othersAre.of(where), conflictsAre.of(open)], annotations: fromTree.of(true) });
  }

  close(): void {
    this.#off();
    this.buffer.select([]);
    this.buffer.close();
    this.#view.destroy();
  }

  /** What was typed, pasted or deleted here goes into the buffer. */
  #updated({ transactions, state }: ViewUpdate): void {
    const own = transactions.filter((transaction) => transaction.annotation(fromTree) !== true);
    if (own.some(({ docChanged }) => docChanged)) {
      this.#isTyping = true;
      try {
        this.#tree.batch(() => own.forEach((transaction) => this.#type(transaction)));
      } finally {
        this.#isTyping = false;
      }
    }
    if (own.some(({ docChanged, selection }) => docChanged || selection !== undefined)) {
      const { anchor, head } = state.selection.main;
      this.buffer.select([{ anchor, head }]);
    }
  }

  #type({ changes }: Transaction): void {
    const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
    changes.iterChanges((start, end, _, __, inserted) => edits.push({ start, end, text: inserted.toString() }));
    // From the end, so that the offsets before stay right.
    for (const { start, end, text } of edits.reverse()) this.buffer.edit([{ start, end }], text);
  }

  /** What others did, what a new epoch brought, and what was undone comes into the editor. */
  #changed({ edits }: TextChange): void {
    if (this.#isTyping) return;
    const changes = edits.map(({ start, end, text }): ChangeSpec => ({ from: start, to: end, insert: text }));
    this.#view.dispatch({ changes, annotations: fromTree.of(true) });
  }
}
