import { LiveError } from 'mizer/live';
import type { TreeEntry, WorkTree } from 'mizer/live';
import { showConflicts } from './conflicts.js';
import { TextEditor } from './editor.js';
import { button, element } from './element.js';
import { Files } from './files.js';
import type { End, Line } from './line.js';
import type { Project } from './project.js';

/** One replica with all that shows it: its files, its editor, its buttons. */
export class Side implements End {
  readonly element: HTMLElement;
  readonly #tree: WorkTree;
  readonly #person: string;
  readonly #personOf: (replica: number) => string;
  readonly #files: Files;
  readonly #base = element('span', { className: 'base' });
  readonly #path = element('span', { className: 'path' });
  readonly #sheet = element('div', { className: 'sheet' });
  readonly #conflicts = element('div', { className: 'conflicts', hidden: true });
  readonly #says = element('div', { className: 'says' });
  #editor: TextEditor | undefined;
  #isRefreshing = false;

  constructor(person: string, tree: WorkTree, project: Project, line: Line, personOf: (replica: number) => string) {
    this.#tree = tree;
    this.#person = person;
    this.#personOf = personOf;
    this.#files = new Files({
      open: (entry) => this.#do(() => this.#open(entry)),
      create: (path, type) => this.#do(() => this.#create(path, type)),
      rename: (from, to) => this.#do(() => tree.rename(from, to)),
      remove: (path) => this.#do(() => tree.remove(path)),
    });
    this.element = element('section', { className: `side ${person.toLowerCase()}` });
    this.element.append(this.#bar(project), this.#work(), this.#says);

    line.connect(this);
    tree.on('operations', (bytes) => line.send(this, bytes, true));
    tree.on('presence', (bytes) => line.send(this, bytes, false));
    tree.on('entries', () => this.#refresh());
    tree.on('epoch', () => this.#refresh());
    tree.on('error', (error) => this.#say(String(error), true));
    // A presence is forgotten after half a minute.
    setInterval(() => tree.announce(), 10_000);
    this.#refresh();
  }

  receive(bytes: Uint8Array): void {
    this.#do(async () => {
      await this.#tree.apply(bytes);
      this.#refresh();
    });
  }

  #bar(project: Project): HTMLElement {
    const commits = element('select', { title: 'The commit to reset to' });
    const list = (): void => {
      commits.replaceChildren(...project.commits.map(({ oid, title }) => element('option', { value: oid, textContent: title })));
    };
    list();
    project.onCommit(list);
    return element(
      'div',
      { className: 'bar' },
      element('h2', { textContent: this.#person }),
      this.#base,
      button('Commit', () => this.#do(() => project.commit(this.#tree, this.#person)), 'Commit all that this tree shows'),
      button('Reset to', () => this.#do(() => this.#tree.reset(commits.value)), 'Stand upon another commit; what is not committed stays'),
      commits,
    );
  }

  #work(): HTMLElement {
    const title = element(
      'div',
      { className: 'title' },
      this.#path,
      button('Undo', () => this.#editor?.buffer.undo(), 'Undo what was typed on this side'),
      button('Redo', () => this.#editor?.buffer.redo()),
    );
    this.#sheet.append(element('p', { textContent: 'Choose a file.' }));
    const text = element('div', { className: 'text' }, title, this.#sheet, this.#conflicts);
    return element('div', { className: 'work' }, this.#files.element, text);
  }

  /** Does what somebody asked for; what is wrong with it is told below. */
  #do(act: () => Promise<unknown>): void {
    act().catch((error: unknown) => {
      if (!(error instanceof LiveError)) throw error;
      this.#say(error.message, true);
    });
  }

  #say(text: string, isBad = false): void {
    this.#says.textContent = text;
    this.#says.classList.toggle('bad', isBad);
  }

  async #create(path: string, type: 'text' | 'directory'): Promise<void> {
    await this.#tree.create(path, type);
    const entry = type === 'text' ? await this.#tree.entry(path) : null;
    if (entry !== null) await this.#open(entry);
  }

  async #open(entry: TreeEntry): Promise<void> {
    this.#editor?.close();
    this.#editor = undefined;
    this.#sheet.replaceChildren();
    this.#say('');
    try {
      const buffer = await this.#tree.open(entry);
      this.#editor = new TextEditor(this.#sheet, this.#tree, buffer);
      this.#editor.focus();
      buffer.select([{ anchor: 0, head: 0 }]);
      buffer.on('path', () => this.#refresh());
      buffer.on('conflicts', () => this.#refresh());
      buffer.on('change', () => this.#refresh());
    } catch (error) {
      if (!(error instanceof LiveError)) throw error;
      const { length } = await this.#tree.read(entry);
      this.#sheet.replaceChildren(element('p', { textContent: `No text: ${length} bytes.` }));
    }
    this.#refresh();
  }

  /** Shows all anew, once for all that happens at one time. */
  #refresh(): void {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    setTimeout(() => {
      this.#isRefreshing = false;
      this.#do(() => this.#show());
    }, 0);
  }

  async #show(): Promise<void> {
    const entries: TreeEntry[] = [];
    for await (const entry of this.#tree.entries({ removed: true })) entries.push(entry);
    const present = this.#tree.presence().map((one) => ({ ...one, person: this.#personOf(one.replica) }));
    this.#files.show(entries, present);
    const changed = entries.filter(({ status, type }) => status !== 'unchanged' && type !== 'directory').length;
    this.#base.textContent = `on ${this.#tree.base?.slice(0, 7) ?? 'nothing'}, ${changed} changed`;

    const buffer = this.#editor?.buffer;
    showConflicts(this.#conflicts, this.#tree, buffer);
    if (this.#editor === undefined || buffer === undefined) return;
    const path = buffer.path();
    if (path !== null) this.#files.choose(path);
    this.#path.textContent = path ?? 'no file: type, and it is there again';
    this.#path.classList.toggle('gone', path === null);
    const others = present.filter(({ entry }) => entry === buffer.entry);
    const where = others.flatMap(({ person, selections }) => selections.map((one) => ({ ...one, person })));
    this.#editor.show(where, buffer.conflicts());
  }
}
