import type { EntryType } from '../../../src/live/base-listing.js';
import { baseNode, compareStamps } from '../../../src/live/ids.js';
import type { EpochId, NodeId } from '../../../src/live/ids.js';
import { compareNames } from '../../../src/live/names.js';
import type { Place, TreeMove } from '../../../src/live/places.js';
import type { Files } from './memory-git.js';

/** The obvious tree: every base entry is written out, all moves are sorted and replayed from the beginning. */
export class SlowTree {
  readonly root: NodeId;
  readonly places = new Map<NodeId, Place>();
  readonly types: Map<NodeId, EntryType>;
  readonly home = new Map<NodeId, Place>();

  constructor(epoch: EpochId, files: Files, made: ReadonlyMap<NodeId, EntryType>, moves: Iterable<TreeMove>) {
    this.root = baseNode(epoch, '');
    this.types = new Map([...made, [this.root, 'directory']]);
    for (const [path, { mode }] of files) {
      const parts = path.split('/');
      for (let depth = 1; depth <= parts.length; depth += 1) {
        const node = baseNode(epoch, parts.slice(0, depth).join('/'));
        this.types.set(node, depth < parts.length ? 'directory' : typeOf(mode));
        const parent = baseNode(epoch, parts.slice(0, depth - 1).join('/'));
        this.home.set(node, { parent, name: parts[depth - 1] ?? '', time: 0, replica: 0 });
      }
    }
    for (const [node, place] of this.home) this.places.set(node, place);
    const sorted = [...new Map([...moves].map((move) => [`${move.time}.${move.replica}`, move])).values()];
    for (const { node, parent, name, time, replica } of sorted.sort(compareStamps)) {
      if (node !== this.root && !this.isWithin(parent, node)) this.places.set(node, { parent, name, time, replica });
    }
  }

  isWithin(node: NodeId | null, ancestor: NodeId): boolean {
    return node !== null && (node === ancestor || this.isWithin(this.places.get(node)?.parent ?? null, ancestor));
  }

  /** All that shows, by path: what it is and which entries it is made of. */
  shown(): Map<string, { type: EntryType; nodes: NodeId[] }> {
    const shown = new Map<string, { type: EntryType; nodes: NodeId[] }>();
    this.#show([this.root], '', shown);
    return shown;
  }

  #show(directory: NodeId[], under: string, shown: Map<string, { type: EntryType; nodes: NodeId[] }>): void {
    const inside = [...this.places].filter(
      ([node, { parent }]) => parent !== null && directory.includes(parent) && this.types.has(node),
    );
    const real = new Set(inside.map(([, { name }]) => name));
    for (const name of [...real].sort(compareNames)) {
      const nodes = inside.filter(([, place]) => place.name === name).map(([node]) => node);
      nodes.sort((a, b) => this.#rank(a, b));
      const directories = nodes.filter((node) => this.types.get(node) === 'directory');
      const first = directories.length > 0 ? directories : nodes.slice(0, 1);
      shown.set(under + name, { type: this.types.get(first[0] ?? '') ?? 'file', nodes: first });
      if (directories.length > 0) this.#show(directories, `${under}${name}/`, shown);
      for (const node of nodes.filter((one) => !first.includes(one))) {
        let number = 1;
        while (real.has(`${name}~${number}`) || shown.has(`${under}${name}~${number}`)) number += 1;
        shown.set(`${under}${name}~${number}`, { type: this.types.get(node) ?? 'file', nodes: [node] });
      }
    }
  }

  #rank(a: NodeId, b: NodeId): number {
    const key = (node: NodeId): number[] => {
      const place = this.places.get(node);
      const home = this.home.get(node);
      const own = home !== undefined && home.parent === place?.parent && home.name === place.name;
      return [this.types.get(node) === 'directory' ? 0 : 1, own ? 0 : 1, place?.time ?? 0, place?.replica ?? 0];
    };
    const [left, right] = [key(a), key(b)];
    const at = left.findIndex((value, index) => value !== right[index]);
    return at < 0 ? (a < b ? -1 : 1) : (left[at] ?? 0) - (right[at] ?? 0);
  }
}

function typeOf(mode: number): EntryType {
  return mode === 0o120000 ? 'symlink' : mode === 0o160000 ? 'submodule' : 'file';
}
