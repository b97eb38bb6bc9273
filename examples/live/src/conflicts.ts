import type { BufferConflict, TextBuffer, WorkTree } from 'mizer/live';
import { button, element } from './element.js';

/** What found no place in a new commit: shown with both texts until somebody says that it was dealt with. */
export function showConflicts(panel: HTMLElement, tree: WorkTree, buffer: TextBuffer | undefined): void {
  const open = buffer?.conflicts() ?? [];
  panel.hidden = open.length === 0;
  panel.replaceChildren(...open.flatMap((conflict) => (buffer === undefined ? [] : describe(tree, buffer, conflict))));
}

function describe(tree: WorkTree, buffer: TextBuffer, conflict: BufferConflict): HTMLElement[] {
  const { id, offset, before, ours } = conflict;
  const row = buffer.point(offset).row + 1;
  const putIn = (): void =>
    tree.batch(() => {
      buffer.edit([{ start: offset, end: offset }], ours);
      buffer.resolve(id);
    });
  const half = (title: string, text: string): HTMLElement =>
    element('div', {}, element('small', { textContent: title }), element('pre', { textContent: text }));
  return [
    element('h3', { textContent: `Line ${row} changed in the commit as well` }),
    element('div', { className: 'pair' }, half('before', before), half('as it was typed', ours)),
    element(
      'div',
      { className: 'choice' },
      button('Put in what was typed', putIn),
      button('Leave as it is', () => buffer.resolve(id)),
    ),
  ];
}
