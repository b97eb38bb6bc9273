import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { LiveError } from './errors.js';
import { objectId, textToBytes } from './git-object.js';
import type { OidLength } from './git-object.js';
import type { Oid } from './ids.js';
import { compareNames, nameToBytes, partsOf } from './names.js';
import type { GitEntry, GitProvider } from './provider.js';

/** A file of a commit: a text, bytes, or either with a mode of git's (a symbolic link: 0o120000, its content the target). */
export type FileDescription = string | Uint8Array | { readonly mode: number; readonly content: string | Uint8Array };

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, FileDescription>;
}

/** A git repository in memory, for tests, demonstrations and browsers. Its object ids are git's own. */
export class MemoryProvider implements GitProvider {
  readonly #oidLength: OidLength;
  readonly #commits = new Map<Oid, Oid>();
  readonly #trees = new Map<Oid, readonly GitEntry[]>();
  readonly #blobs = new Map<Oid, Uint8Array>();

  constructor(oidLength: OidLength = 40) {
    this.#oidLength = oidLength;
  }

  /**
   * A commit of these files, by path; its id depends on them, `parents` and `message` alone (author and dates are fixed).
   * @throws LiveError NAME_INVALID, and NOT_A_DIRECTORY when a file lies in a file
   */
  commit(
    files: Readonly<Record<string, FileDescription>> | ReadonlyMap<string, FileDescription>,
    parents: readonly Oid[] = [],
    message = '',
  ): Oid {
    const root: Folder = { folders: new Map(), files: new Map() };
    for (const [path, file] of files instanceof Map ? files : Object.entries(files)) place(root, path, file);
    const tree = this.#writeTree(root);
    const person = 'mizer <mizer@localhost> 0 +0000';
    const lines = [`tree ${tree}`, ...parents.map((oid) => `parent ${oid}`), `author ${person}`, `committer ${person}`];
    const bytes = textToBytes(`${lines.join('\n')}\n\n${message}`);
    const oid = objectId('commit', bytes, this.#oidLength);
    this.#commits.set(oid, tree);
    return oid;
  }

  /** What a commit holds, as `commit` takes it. @throws LiveError NOT_FOUND */
  files(commit: Oid): Map<string, { readonly mode: number; readonly content: Uint8Array }> {
    const files = new Map<string, { readonly mode: number; readonly content: Uint8Array }>();
    const walk = (tree: Oid, prefix: string): void => {
      for (const { name, mode, oid } of found(this.#trees.get(tree), tree)) {
        if (mode === 0o40000) walk(oid, `${prefix}${name}/`);
        else files.set(prefix + name, { mode, content: found(this.#blobs.get(oid), oid) });
      }
    };
    walk(found(this.#commits.get(commit), commit), '');
    return files;
  }

  async treeOf(commit: Oid): Promise<Oid> {
    return found(this.#commits.get(commit), commit);
  }

  async tree(oid: Oid): Promise<readonly GitEntry[]> {
    return found(this.#trees.get(oid), oid);
  }

  async blob(oid: Oid): Promise<Uint8Array> {
    return found(this.#blobs.get(oid), oid);
  }

  #writeTree({ folders, files }: Folder): Oid {
    const entries: GitEntry[] = Array.from(folders, ([name, folder]) => ({
      name,
      mode: 0o40000,
      oid: this.#writeTree(folder),
    }));
    for (const [name, file] of files) {
      const described =
        typeof file === 'string' || file instanceof Uint8Array ? { mode: 0o100644, content: file } : file;
      const bytes = typeof described.content === 'string' ? textToBytes(described.content) : described.content;
      const oid = objectId('blob', bytes, this.#oidLength);
      this.#blobs.set(oid, bytes);
      entries.push({ name, mode: described.mode, oid });
    }
    // Git sorts a directory as if its name ended in a slash.
    const key = ({ name, mode }: GitEntry): string => (mode === 0o40000 ? `${name}/` : name);
    entries.sort((a, b) => compareNames(key(a), key(b)));
    const rows = entries.map(({ name, mode, oid }) =>
      concatBytes(textToBytes(`${mode.toString(8)} `), nameToBytes(name), Uint8Array.of(0), hexToBytes(oid)),
    );
    const oid = objectId('tree', concatBytes(...rows), this.#oidLength);
    this.#trees.set(oid, entries);
    return oid;
  }
}

function place(root: Folder, path: string, file: FileDescription): void {
  const parts = partsOf(path);
  const name = parts.pop() ?? '';
  let folder = root;
  for (const part of parts) {
    let next = folder.folders.get(part);
    if (next === undefined) folder.folders.set(part, (next = { folders: new Map(), files: new Map() }));
    folder = next;
    if (folder === undefined) break;
  }
  if (parts.some((_, at) => isFile(root, parts.slice(0, at + 1))) || folder.folders.has(name)) {
    throw new LiveError('NOT_A_DIRECTORY', `${JSON.stringify(path)} would be both a file and a directory.`);
  }
  folder.files.set(name, file);
}

function isFile(root: Folder, parts: readonly string[]): boolean {
  let folder: Folder | undefined = root;
  for (const part of parts.slice(0, -1)) folder = folder?.folders.get(part);
  return folder?.files.has(parts.at(-1) ?? '') ?? false;
}

function found<T>(value: T | undefined, oid: Oid): T {
  if (value === undefined) throw new LiveError('NOT_FOUND', `There is no object ${oid}.`);
  return value;
}
