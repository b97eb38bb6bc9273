import type { WorkTree } from '../contexts/work-tree.js';

/** Contexts that a session is being opened in, or shown, or whose command a client awaits: none of them may be taken away. */
export class Openings {
  readonly #counts = new Map<string, number>();

  /** @returns what ends it; calling that twice does no harm */
  begin(tree: WorkTree, name: string): () => void {
    const key = keyOf(tree, name);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }

  /** To be asked with the store's lock held. */
  has(tree: WorkTree, name: string): boolean {
    return this.#counts.has(keyOf(tree, name));
  }
}

/** Names may be the same in two stores. */
function keyOf(tree: WorkTree, name: string): string {
  return `${tree.store.id}/${name}`;
}
