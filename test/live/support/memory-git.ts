import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { BaseListing } from '../../../src/live/base-listing.js';
import type { Oid } from '../../../src/live/ids.js';
import type { GitEntry, GitProvider } from '../../../src/live/provider.js';

/** What a tree is to hold: by path, a file's or link's content; directories follow. */
export type Files = ReadonlyMap<string, { readonly mode: number; readonly content: string }>;

/** Objects in memory, known by their content; counts what is asked. */
export class MemoryGit implements GitProvider {
  readonly trees = new Map<Oid, readonly GitEntry[]>();
  readonly #blobs = new Map<Oid, Uint8Array>();
  readonly #commits = new Map<Oid, Oid>();
  readonly asked: string[] = [];

  /** Stores a commit of these files and returns its id. */
  commit(files: Files): Oid {
    const tree = this.#store(files, '');
    const commit = idOf(`commit ${tree}`);
    this.#commits.set(commit, tree);
    return commit;
  }

  blobOf(content: string): Oid {
    const oid = idOf(`blob ${content}`);
    this.#blobs.set(oid, utf8ToBytes(content));
    return oid;
  }

  treeOf(commit: Oid): Promise<Oid> {
    this.asked.push(`commit ${commit}`);
    return found(this.#commits.get(commit));
  }

  tree(oid: Oid): Promise<readonly GitEntry[]> {
    this.asked.push(`tree ${oid}`);
    return found(this.trees.get(oid));
  }

  blob(oid: Oid): Promise<Uint8Array> {
    this.asked.push(`blob ${oid}`);
    return found(this.#blobs.get(oid));
  }

  #store(files: Files, under: string): Oid {
    const entries = new Map<string, GitEntry>();
    for (const [path, { mode, content }] of files) {
      if (!path.startsWith(under)) continue;
      const [name = '', ...rest] = path.slice(under.length).split('/');
      if (rest.length === 0) entries.set(name, { name, mode, oid: this.blobOf(content) });
      else if (!entries.has(name)) {
        entries.set(name, { name, mode: 0o40000, oid: this.#store(files, `${under}${name}/`) });
      }
    }
    const list = [...entries.values()];
    const oid = idOf(
      `tree ${list
        .map(({ name, mode, oid }) => `${mode} ${JSON.stringify(name)} ${oid}`)
        .sort()
        .join()}`,
    );
    this.trees.set(oid, list);
    return oid;
  }
}

/** A listing as plain data. */
export function plain(listing: BaseListing | null | undefined): unknown {
  return listing === null || listing === undefined ? listing : [...listing.values()];
}

function idOf(content: string): Oid {
  return bytesToHex(sha1(utf8ToBytes(JSON.stringify(content))));
}

function found<T>(object: T | undefined): Promise<T> {
  return object === undefined ? Promise.reject(new Error('no such object')) : Promise.resolve(object);
}
