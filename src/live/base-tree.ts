import { checkedListing, isDirectory, listingOf } from './base-listing.js';
import type { BaseEntry, BaseListing } from './base-listing.js';
import { LiveError } from './errors.js';
import type { Oid } from './ids.js';
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
  readonly #loading = new Map<string, Promise<BaseListing | null>>();
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

  /** How many directories are kept. */
  get kept(): number {
    return this.#listings.size;
  }

  /** The paths of the directories that are kept. */
  loaded(): Iterable<string> {
    return this.#listings.keys();
  }

  /** The entries of the directory at `path`; `null` when there is none. */
  directory(path: string, missing?: Set<string>): BaseListing | null | undefined {
    const listing = this.#listings.get(path);
    if (listing !== undefined) return listing;
    if (path !== '') {
      const entry = this.find(path, missing);
      if (entry === undefined) return undefined;
      if (entry === null || !isDirectory(entry)) return null;
    }
    missing?.add(path);
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
  load(path: string): Promise<BaseListing | null> {
    const listing = this.#listings.get(path);
    if (listing !== undefined) return Promise.resolve(listing);
    return shared(this.#loading, path, () => this.#fetch(path));
  }

  /** Like `find`, loading what it takes. */
  async locate(path: string): Promise<BaseEntry | null> {
    if (path === '') return null;
    const [parent, name] = split(path);
    return (await this.load(parent))?.get(name) ?? null;
  }

  async #fetch(path: string): Promise<BaseListing | null> {
    if (path !== '') {
      const entry = await this.locate(path);
      if (entry === null || !isDirectory(entry)) return null;
    }
    const listing = await this.#read(path);
    this.#listings.set(path, listing);
    return listing;
  }

  /** What git has in a directory that is known to be there. */
  async #read(path: string): Promise<BaseListing> {
    const oid = await this.#oidOf(path);
    return checkedListing(await this.#provider.tree(oid), this.#what(path), oid.length);
  }

  async #oidOf(path: string): Promise<Oid> {
    const known = this.#oids.get(path) ?? this.find(path)?.oid;
    if (typeof known === 'string') return known;
    await (path === ''
      ? shared(this.#reading, '/', () => this.#readCommit())
      : shared(this.#reading, split(path)[0], () => this.#readOids(split(path)[0])));
    const oid = this.#oids.get(path);
    if (oid === undefined) throw new LiveError('PROVIDER', `${this.#what(path)} is not there.`);
    return oid;
  }

  async #readCommit(): Promise<void> {
    const oid = await this.#provider.treeOf(this.commit ?? '');
    if (oid.length !== this.commit?.length || !/^[0-9a-f]+$/.test(oid)) {
      throw new LiveError('PROVIDER', `The tree of commit ${this.commit} is given as ${JSON.stringify(oid)}.`);
    }
    this.#oids.set('', oid);
  }

  /** A directory whose entries are known by derivation, but not the ids of those that are directories. */
  async #readOids(path: string): Promise<void> {
    for (const entry of (await this.#read(path)).values()) {
      if (isDirectory(entry) && entry.oid !== null) {
        this.#oids.set(path === '' ? entry.name : `${path}/${entry.name}`, entry.oid);
      }
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

function shared<T>(underWay: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> {
  let promise = underWay.get(key);
  if (promise === undefined) {
    promise = start().finally(() => underWay.delete(key));
    underWay.set(key, promise);
  }
  return promise;
}
