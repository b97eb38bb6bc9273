import { checkedListing, isDirectory, listingOf } from './base-listing.js';
import type { BaseEntry, BaseListing } from './base-listing.js';
import { LiveError } from './errors.js';
import type { Oid } from './ids.js';
import { shared } from './loading.js';
import type { GitProvider } from './provider.js';

/**
 * The tree of a base commit, seen through a provider: a directory is asked for when it is needed, at most once, and only such are kept; to open
 * a tree asks for nothing. Of questions asked without waiting `undefined` always means: not loaded yet, and `missing` gets
 * the directory that has to be loaded for the answer to come nearer.
 */
export class BaseTree {
  readonly commit: Oid | null;
  readonly #provider: GitProvider;
  readonly #listings = new Map<string, BaseListing>();
  /** Git's own ids of directories, where no listing here has them. */
  readonly #oids = new Map<string, Oid>();
  /** What is under way: concurrent asks share it, a failed one leaves nothing behind. */
  readonly #loading = new Map<string, Promise<void>>();
  readonly #reading = new Map<string, Promise<void>>();

  /** The tree of `commit`; `null`: an empty one. */
  constructor(commit: Oid | null, provider: GitProvider) {
    this.commit = commit;
    this.#provider = provider;
    if (commit === null) this.#listings.set('', new Map());
  }

  /**
   * The tree of another commit of which these directories are known, by path; no provider is asked. All others stay to be loaded: by their id where a
   * listing has it, else down from the commit. A listing whose directory the commit does not have must not be among them.
   */
  derive(commit: Oid, listings: ReadonlyMap<string, Iterable<BaseEntry>>): BaseTree {
    const derived = new BaseTree(commit, this.#provider);
    for (const [path, entries] of listings) derived.#listings.set(path, listingOf(entries));
    return derived;
  }

  /** The paths of the directories that are kept. */
  loaded(): Iterable<string> {
    return this.#listings.keys();
  }

  /** The entries of the directory at `path`; `null` when there is none. */
  directory(path: string, missing?: Set<string>): BaseListing | null | undefined {
    let listing = this.#listings.get(path);
    if (listing !== undefined) return listing;
    let step = path;
    while (listing === undefined && step !== '') {
      const [parent, name] = split(step);
      listing = this.#listings.get(parent);
      const entry = listing?.get(name);
      if (listing !== undefined && (entry === undefined || !isDirectory(entry))) return null;
      if (listing === undefined) step = parent;
    }
    missing?.add(step);
    return undefined;
  }

  /** The entry at `path`; `null` when there is none, and for the root, which is no entry. */
  find(path: string, missing?: Set<string>): BaseEntry | null | undefined {
    if (path === '') return null;
    const [parent, name] = split(path);
    const listing = this.directory(parent, missing);
    return listing === undefined ? undefined : (listing?.get(name) ?? null);
  }

  /**
   * Loads one directory, and those on the way to it; `null` when there is none.
   * @throws LiveError PROVIDER when an answer is not what git holds, and whatever the provider throws; it can be asked again
   */
  async load(path: string): Promise<BaseListing | null> {
    for (;;) {
      const missing = new Set<string>();
      const listing = this.directory(path, missing);
      if (listing !== undefined) return listing;
      for (const next of missing) await shared(this.#loading, next, () => this.#fetch(next));
    }
  }

  /** Like `find`, loading what it takes. */
  async locate(path: string): Promise<BaseEntry | null> {
    if (path === '') return null;
    const [parent, name] = split(path);
    return (await this.load(parent))?.get(name) ?? null;
  }

  async #fetch(path: string): Promise<void> {
    this.#listings.set(path, await this.#read(path));
  }

  /** What git has in a directory that is known to be there. */
  async #read(path: string): Promise<BaseListing> {
    const oid = await this.#oidOf(path);
    return checkedListing(await this.#provider.tree(oid), this.#what(path), oid.length);
  }

  async #oidOf(path: string): Promise<Oid> {
    const known = this.#knownOid(path);
    if (known !== undefined) return known;
    const [parent] = split(path);
    // No path begins with a slash.
    await (path === ''
      ? shared(this.#reading, '/', () => this.#readCommit())
      : shared(this.#reading, parent, () => this.#readOids(parent)));
    const oid = this.#knownOid(path);
    if (oid === undefined) throw new LiveError('PROVIDER', `${this.#what(path)} is not there.`);
    return oid;
  }

  #knownOid(path: string): Oid | undefined {
    return this.#oids.get(path) ?? this.find(path)?.oid ?? undefined;
  }

  async #readCommit(): Promise<void> {
    const oid = await this.#provider.treeOf(this.commit ?? '');
    if (typeof oid !== 'string' || oid.length !== this.commit?.length || !/^[0-9a-f]+$/.test(oid)) {
      throw new LiveError('PROVIDER', `The tree of commit ${this.commit} is given as ${JSON.stringify(oid)}.`);
    }
    this.#oids.set('', oid);
  }

  /** The ids of the directories in a directory: by derivation its entries may be known, but not those. */
  async #readOids(path: string): Promise<void> {
    const listing = await this.#read(path);
    if (!this.#listings.has(path)) this.#listings.set(path, listing);
    for (const entry of listing.values()) {
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      if (isDirectory(entry) && entry.oid !== null && this.find(below)?.oid === null) this.#oids.set(below, entry.oid);
    }
  }

  #what(path: string): string {
    return `Directory ${JSON.stringify(path)} of commit ${this.commit}`;
  }
}

function split(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
}
