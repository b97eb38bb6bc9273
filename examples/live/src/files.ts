import type { Participant, TreeEntry } from 'mizer/live';
import { button, element } from './element.js';

/** What the list of files asks for. */
export interface FileActions {
  open(entry: TreeEntry): void;
  create(path: string, type: 'text' | 'directory'): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
}

const marks: Record<TreeEntry['status'], string> = {
  unchanged: '',
  new: 'A',
  modified: 'M',
  renamed: 'R',
  'renamed-and-modified': 'RM',
  removed: 'D',
};

/** The tree as a list, with what can be done to it. */
export class Files {
  readonly element = element('div', { className: 'files' });
  readonly #actions: FileActions;
  readonly #list = element('ul', { role: 'tree' });
  readonly #form = element('form', { hidden: true });
  readonly #label = element('label');
  readonly #input = element('input', { spellcheck: false });
  #submit: (path: string) => void = () => {};
  /** The path of the entry that was chosen last. */
  #chosen = '';

  constructor(actions: FileActions) {
    this.#actions = actions;
    this.#label.append(element('span'), this.#input);
    this.#form.append(this.#label);
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#form.hidden = true;
      if (this.#input.value !== '') this.#submit(this.#input.value);
    };
    this.#input.onkeydown = ({ key }) => {
      if (key === 'Escape') this.#form.hidden = true;
    };
    const tools = element(
      'div',
      { className: 'tools' },
      button('+ File', () => this.#ask('New file', '', (path) => actions.create(path, 'text'))),
      button('+ Folder', () => this.#ask('New folder', '', (path) => actions.create(path, 'directory'))),
      button('Move', () => this.#askForMove(), 'Rename or move what is chosen; or draw it onto a folder'),
      button('Delete', () => this.#chosen !== '' && actions.remove(this.#chosen)),
    );
    this.element.append(tools, this.#form, this.#list);
  }

  choose(path: string): void {
    this.#chosen = path;
    for (const row of this.#list.children) row.ariaSelected = String(row.getAttribute('data-path') === path);
  }

  show(entries: readonly TreeEntry[], present: readonly (Participant & { readonly person: string })[]): void {
    const rows = entries.map((entry) => {
      const here = present.filter((one) => one.entry === entry.entry).map(({ person }) => person);
      return this.#row(entry, here);
    });
    this.#list.replaceChildren(...rows);
  }

  #row(entry: TreeEntry, people: readonly string[]): HTMLLIElement {
    const { path, name, type, status } = entry;
    const row = element('li', { role: 'treeitem', className: type, title: `${path ?? name}: ${status}` });
    row.style.paddingLeft = `${0.5 + (path?.split('/').length ?? 1) * 0.7 - 0.7}rem`;
    row.append(element('span', { className: 'name', textContent: path === null ? name : path.slice(path.lastIndexOf('/') + 1) }));
    for (const person of people) {
      const dot = element('span', { className: 'dot', title: `${person} is here` });
      dot.dataset['person'] = person;
      row.append(dot);
    }
    row.append(element('span', { className: `mark ${status}`, textContent: marks[status] }));
    row.classList.toggle('removed', path === null);
    row.ariaSelected = String(path !== null && path === this.#chosen);
    if (path !== null) row.dataset['path'] = path;
    row.onclick = () => {
      if (path !== null) this.choose(path);
      if (type !== 'directory') this.#actions.open(entry);
    };
    if (path !== null) this.#makeMovable(row, path, type === 'directory');
    return row;
  }

  #makeMovable(row: HTMLLIElement, path: string, isFolder: boolean): void {
    row.draggable = true;
    row.ondragstart = (event) => event.dataTransfer?.setData('text/plain', path);
    if (!isFolder) return;
    row.ondragover = (event) => {
      event.preventDefault();
      row.classList.add('over');
    };
    row.ondragleave = () => row.classList.remove('over');
    row.ondrop = (event) => {
      event.preventDefault();
      row.classList.remove('over');
      const from = event.dataTransfer?.getData('text/plain') ?? '';
      if (from !== '' && from !== path) this.#actions.rename(from, `${path}/${from.slice(from.lastIndexOf('/') + 1)}`);
    };
  }

  #askForMove(): void {
    const from = this.#chosen;
    if (from !== '') this.#ask(`Move ${from} to`, from, (to) => this.#actions.rename(from, to));
  }

  #ask(question: string, value: string, submit: (path: string) => void): void {
    const [text] = this.#label.children;
    if (text !== undefined) text.textContent = question;
    this.#submit = submit;
    this.#form.hidden = false;
    this.#input.value = value;
    this.#input.focus();
    this.#input.select();
  }
}
