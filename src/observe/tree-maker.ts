import type { Oid } from '../git/oid.js';
import type { TreePath } from '../model/tree-path.js';
import { formatRecord, NOGTREE } from './blob.js';
import type { DirectoryMemo } from './directory-memo.js';
import type { Frame, Waiting } from './scan-frame.js';
import { fileEntry, linkEntry, treeContent, type ObjectSink, type SortedEntry } from './stub.js';
import type { TotalsCounter } from './totals.js';

export interface TreeMakerOptions {
  readonly sink: ObjectSink;
  /** Whether directories have totals. */
  readonly rollup: boolean;
  /** Without it every record is made. */
  readonly memo?: DirectoryMemo;
  /** Called when all entries of a tracked directory are known, those below it first. */
  readonly onDirectory?: (path: TreePath, entries: readonly SortedEntry[]) => Promise<void>;
}

/** So many files of one directory at most are held back. */
const heldBack = 20_000;

/** Makes records and trees of what a scan finds, those of directories in which nothing changed not at all. */
export class TreeMaker {
  readonly #options: TreeMakerOptions;

  constructor(options: TreeMakerOptions) {
    this.#options = options;
  }

  /** @param text its record */
  addFile(frame: Frame, name: string, text: string): void {
    frame.files.push(name);
    frame.texts.push(text);
    if (frame.files.length < heldBack) return;
    this.settle(frame);
    frame.large = true;
  }

  addLink({ entries }: Frame, name: string, target: string): void {
    entries.push(linkEntry(name, this.#options.sink.blob(target, 'link')));
  }

  /** A directory as one record, with a commit that of a nested repository. */
  addBundle(
    { entries }: Frame,
    { name, mtime }: Omit<Waiting, 'device'>,
    counter: TotalsCounter,
    commit?: string,
  ): void {
    const totals = { ...counter.totals(), dirs: Math.max(1, counter.dirs) };
    const text = formatRecord(
      commit === undefined
        ? { kind: 'bundle', name, mtime, totals }
        : { kind: 'submodule', name, mtime, totals, commit },
    );
    entries.push(fileEntry(name, this.#options.sink.blob(text, 'bundle')));
  }

  /** The tree of a directory in which something is tracked. */
  async tree(frame: Frame): Promise<Oid> {
    const { sink, memo, rollup, onDirectory } = this.#options;
    const { name, mtime, counter, entries, texts } = frame;
    const totals = rollup ? { totals: counter.totals() } : {};
    const record = formatRecord({ kind: 'directory', name, mtime, ...totals });
    let key: Oid | undefined;
    if (memo !== undefined && !frame.large) {
      key = memo.key(`${record}\0${texts.join('')}\0${entries.join('')}`);
      const known = memo.get(key);
      if (known !== undefined) {
        memo.set(key, known);
        return known;
      }
    }
    this.settle(frame);
    entries.push(fileEntry(NOGTREE, sink.blob(record, 'directory')));
    await onDirectory?.(frame.path, entries);
    const tree = sink.tree(treeContent(entries));
    if (key !== undefined) memo?.set(key, tree);
    return tree;
  }

  /** Puts the files that are held back among the entries. */
  settle({ entries, files, texts }: Frame): void {
    for (const [index, name] of files.entries()) {
      entries.push(fileEntry(name, this.#options.sink.blob(texts[index]!, 'file')));
    }
    files.length = 0;
    texts.length = 0;
  }
}
