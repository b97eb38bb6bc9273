import type { ObjectReader, TreeEntry } from '../git/tree-reader.js';
import { fromHex, toHex, type Oid } from '../git/oid.js';
import { STUB_FILES, type Stub } from './policy.js';

/** What takes objects in. */
export interface ObjectSink {
  /** @param family blobs of one family are much alike */
  readonly blob: (content: string, family?: string) => Oid;
  readonly tree: (content: string) => Oid;
}

/** An entry of a tree as it is sorted: name, NUL or for a tree `/`, a letter for the mode, object id. Plain text order is git's. */
export type SortedEntry = string;

const modes: Readonly<Record<string, string>> = { f: '100644', l: '120000', d: '40000', x: '100755', s: '160000' };
const letters: Readonly<Record<TreeEntry['mode'], string>> = {
  '100644': 'f',
  '120000': 'l',
  '040000': 'd',
  '100755': 'x',
  '160000': 's',
};

export function fileEntry(name: string, oid: Oid): SortedEntry {
  return `${name}\0f${oid}`;
}

export function linkEntry(name: string, oid: Oid): SortedEntry {
  return `${name}\0l${oid}`;
}

export function treeEntry(name: string, oid: Oid): SortedEntry {
  return `${name}/d${oid}`;
}

/** An entry as it stands in another tree. */
export function sameEntry({ name, mode, oid }: TreeEntry): SortedEntry {
  return `${name}${mode === '040000' ? '/' : '\0'}${letters[mode]}${fromHex(oid)}`;
}

/** The entry again. */
export function fromSorted(entry: SortedEntry): TreeEntry {
  const end = entry.length - 22;
  const mode = modes[entry[end + 1]!]!.padStart(6, '0') as TreeEntry['mode'];
  return { name: entry.slice(0, end), mode, oid: toHex(entry.slice(end + 2)) };
}

/** The content of a tree object. Sorts `entries`. */
export function treeContent(entries: SortedEntry[]): string {
  entries.sort();
  let content = '';
  for (const entry of entries) {
    const end = entry.length - 22;
    content += `${modes[entry[end + 1]!]} ${entry.slice(0, end)}\0${entry.slice(end + 2)}`;
  }
  return content;
}

/** The content of the tree of a stub, its files handed to `sink`. */
export function stubTree(stub: Stub, sink: ObjectSink): string {
  return treeContent(stubEntries(stub, sink));
}

export function stubEntries(stub: Stub, sink: ObjectSink): SortedEntry[] {
  return STUB_FILES.flatMap((name) => {
    const content = stub[name];
    return content === undefined ? [] : [fileEntry(name, sink.blob(content, 'stub'))];
  });
}

/** The stub's files as a branch has them, as byte strings. */
export async function readStub(reader: ObjectReader, branch: string): Promise<Stub> {
  const stub: { -readonly [K in keyof Stub]: Stub[K] } = {};
  for (const name of STUB_FILES) {
    const object = await reader.object(`refs/heads/${branch}:${name}`);
    if (object?.type === 'blob') stub[name] = object.content.toString('latin1');
  }
  return stub;
}
