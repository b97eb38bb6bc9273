import { typeOfMode } from './base-listing.js';
import type { BaseEntry, EntryType } from './base-listing.js';
import type { BaseTree } from './base-tree.js';
import type { NodeId } from './ids.js';
import { compareNames } from './names.js';
import type { ReadonlyPlaces } from './places.js';

/** An entry as a directory shows it. */
export interface ShownEntry {
  /** With `~<n>` when another has its name. */
  readonly name: string;
  readonly type: EntryType;
  /** Of a directory all that merge in it, the one that counts as it first; of all else exactly one. */
  readonly nodes: readonly [NodeId, ...NodeId[]];
  /** What this epoch's base has for the first node, wherever it is now. */
  readonly base: BaseEntry | undefined;
}

interface Member {
  readonly node: NodeId;
  readonly type: EntryType;
  readonly base: BaseEntry | undefined;
}

/**
 * What the tree shows: a pure function of the places, the base and the types of made entries, with nothing remembered. Directories of one name in one
 * directory merge. A directory keeps the name before files; of files, links and submodules a base entry in its own place comes first, then the one put there
 * first; the others show as `name~<n>`, n the smallest from 1 on that no entry there has as its real name and none before it took. (So no two show
 * alike: a shown name is real, or its part before the last `~` is real and the number was given once.)
 *
 * Questions are answered at once, from the directories that are loaded; `undefined` always means that one is missing, and the answer never depends on
 * which others are. `when` loads what a question needs. A name is looked at on its own: to find one in a directory costs
 * its namesakes, not the directory.
 */
export class TreeView {
  readonly places: ReadonlyPlaces;
  readonly base: BaseTree;
  readonly #typeOfMade: (node: NodeId) => EntryType | undefined;
  #wanted: Set<string> | undefined;

  /** `typeOfMade` knows the entries that are not this epoch's base's; one it does not know is shown nowhere. */
  constructor(places: ReadonlyPlaces, base: BaseTree, typeOfMade: (node: NodeId) => EntryType | undefined) {
    this.places = places;
    this.base = base;
    this.#typeOfMade = typeOfMade;
  }

  get root(): ShownEntry {
    return { name: '', type: 'directory', nodes: [this.places.root], base: undefined };
  }

  /** The entries of a directory (the nodes that merge in it), by the bytes of their names. */
  list(directory: readonly NodeId[]): readonly ShownEntry[] | undefined {
    return this.#ask((missing) => {
      const settled = new Set<string>();
      const entries: ShownEntry[] = [];
      for (const node of directory) {
        for (const name of this.places.names(node)) {
          if (!settled.has(name)) entries.push(...this.#shown(directory, name, missing));
          settled.add(name);
        }
      }
      for (const node of directory) {
        const path = this.places.basePath(node);
        if (path === undefined) continue;
        const touched = this.places.touchedIn(node);
        for (const [name, base] of this.base.directory(path, missing) ?? []) {
          if (touched.has(name) || settled.has(name)) continue;
          if (directory.length === 1) {
            const child = this.places.baseChild(node, name);
            entries.push({ name, type: typeOfMode(base.mode), nodes: [child], base });
          } else {
            entries.push(...this.#shown(directory, name, missing));
            settled.add(name);
          }
        }
      }
      return entries.sort((a, b) => compareNames(a.name, b.name));
    });
  }

  /** Those entries of a directory whose real name is `name`, the one that shows it first. */
  named(directory: readonly NodeId[], name: string): readonly ShownEntry[] | undefined {
    return this.#ask((missing) => this.#shown(directory, name, missing));
  }

  /** What a directory shows as `name`; `null` when nothing. */
  entry(directory: readonly NodeId[], name: string): ShownEntry | null | undefined {
    return this.#ask((missing) => this.#entry(directory, name, missing));
  }

  /** What is at a path; `null` when nothing. Opens only the directories on the way, and those that the base has their entries in. */
  resolve(path: string): ShownEntry | null | undefined {
    return this.#ask((missing) => {
      let at: ShownEntry | null = this.root;
      for (const name of path === '' ? [] : path.split('/')) {
        at = at.type === 'directory' ? this.#entry(at.nodes, name, missing) : null;
        if (at === null) return null;
      }
      return at;
    });
  }

  /** Where an entry shows; `null` in the trash, below it, nowhere, and for what the base does not have. */
  pathOf(node: NodeId): string | null | undefined {
    return this.#ask((missing) => {
      const way = this.#wayTo(node);
      if (way === null) return null;
      let path = '';
      let directory: readonly NodeId[] = [this.places.root];
      for (const [at, step] of way.entries()) {
        const shown = this.#shown(directory, step.name, missing).find((entry) => entry.nodes.includes(step.node));
        if (shown === undefined || (shown.type !== 'directory' && at < way.length - 1)) return null;
        path = at === 0 ? shown.name : `${path}/${shown.name}`;
        directory = shown.nodes;
      }
      return path;
    });
  }

  /** What an entry is; `null` when the base does not have it, or nobody made it. */
  typeOf(node: NodeId): EntryType | null | undefined {
    return this.#ask((missing) => this.#member(node, missing)?.type ?? null);
  }

  /**
   * The answer to any question of this view, once the directories are loaded that it needs. `ask` may be made of several questions, returns at once when one
   * answers `undefined`, and is run again after each loading, upon the places as they are then.
   * @throws what loading throws; it can be asked again
   */
  async when<T>(ask: () => T | undefined): Promise<T> {
    for (;;) {
      const wanted = new Set<string>();
      this.#wanted = wanted;
      let answer: T | undefined;
      try {
        answer = ask();
      } finally {
        this.#wanted = undefined;
      }
      if (wanted.size === 0) return answer as T;
      await Promise.all(Array.from(wanted, (path) => this.base.load(path)));
    }
  }

  #ask<T>(question: (missing: Set<string>) => T): T | undefined {
    const missing = new Set<string>();
    const answer = question(missing);
    if (missing.size === 0) return answer;
    for (const path of missing) this.#wanted?.add(path);
    return undefined;
  }

  #wayTo(node: NodeId): { readonly node: NodeId; readonly name: string }[] | null {
    const way = [];
    for (let at = node; at !== this.places.root;) {
      const place = this.places.place(at);
      if (place === undefined || place.parent === null) return null;
      way.push({ node: at, name: place.name });
      at = place.parent;
    }
    return way.toReversed();
  }

  #entry(directory: readonly NodeId[], name: string, missing: Set<string>): ShownEntry | null {
    const real = this.#shown(directory, name, missing)[0];
    if (real !== undefined) return real;
    const stem = /^(.+)~[1-9][0-9]*$/s.exec(name)?.[1];
    if (stem === undefined) return null;
    return this.#shown(directory, stem, missing).find((entry) => entry.name === name) ?? null;
  }

  /** The entries of one real name with the names that they show. */
  #shown(directory: readonly NodeId[], name: string, missing: Set<string>): ShownEntry[] {
    const members = this.#members(directory, name, missing);
    if (members.length > 1) members.sort((a, b) => this.#compare(a, b));
    const first = members[0];
    if (first === undefined) return [];
    const merged = members.filter(({ type }) => type === 'directory');
    const others = members.slice(Math.max(merged.length, 1));
    const rest = merged.slice(1).map(({ node }) => node);
    const entries: ShownEntry[] = [{ name, type: first.type, nodes: [first.node, ...rest], base: first.base }];
    let number = 0;
    for (const { node, type, base } of others) {
      do number += 1;
      while (this.#members(directory, `${name}~${number}`, missing).length > 0);
      entries.push({ name: `${name}~${number}`, type, nodes: [node], base });
    }
    return entries;
  }

  /** The entries of one real name, in no order. */
  #members(directory: readonly NodeId[], name: string, missing: Set<string>): Member[] {
    const members: Member[] = [];
    for (const node of directory) {
      const path = this.places.basePath(node);
      if (path !== undefined && !this.places.touchedIn(node).has(name)) {
        const base = this.base.directory(path, missing)?.get(name);
        if (base !== undefined) {
          members.push({ node: this.places.baseChild(node, name), type: typeOfMode(base.mode), base });
        }
      }
      for (const child of this.places.named(node, name)) {
        const member = this.#member(child, missing);
        if (member !== null) members.push(member);
      }
    }
    return members;
  }

  #member(node: NodeId, missing: Set<string>): Member | null {
    if (node === this.places.root) return { node, type: 'directory', base: undefined };
    const path = this.places.basePath(node);
    if (path === undefined) {
      const type = this.#typeOfMade(node);
      return type === undefined ? null : { node, type, base: undefined };
    }
    const base = this.base.find(path, missing);
    return base === undefined || base === null ? null : { node, type: typeOfMode(base.mode), base };
  }

  /** Which of two of one name comes first. Base entries of directories that merged can only differ by their ids. */
  #compare(a: Member, b: Member): number {
    const kind = Number(b.type === 'directory') - Number(a.type === 'directory');
    const own = Number(this.places.isInOwnPlace(b.node)) - Number(this.places.isInOwnPlace(a.node));
    if (kind !== 0 || own !== 0) return kind || own;
    const left = this.places.place(a.node);
    const right = this.places.place(b.node);
    return (
      (left?.time ?? 0) - (right?.time ?? 0) ||
      (left?.replica ?? 0) - (right?.replica ?? 0) ||
      Number(a.node > b.node) - Number(a.node < b.node)
    );
  }
}
