import type { GitEntry, GitProvider } from '../../../src/live/index.js';

/** A provider that can be made to hang or to fail. */
export class GatedProvider implements GitProvider {
  readonly #git: GitProvider;
  #state: 'open' | 'hanging' | 'failing' = 'open';
  #waiting: (() => void)[] = [];

  constructor(git: GitProvider) {
    this.#git = git;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  hang(): void {
    this.#state = 'hanging';
  }

  fail(): void {
    this.#state = 'failing';
  }

  open(): void {
    this.#state = 'open';
    for (const go of this.#waiting.splice(0)) go();
  }

  treeOf(commit: string): Promise<string> {
    return this.#when(() => this.#git.treeOf(commit));
  }

  tree(oid: string): Promise<readonly GitEntry[]> {
    return this.#when(() => this.#git.tree(oid));
  }

  blob(oid: string): Promise<Uint8Array> {
    return this.#when(() => this.#git.blob(oid));
  }

  async #when<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#state === 'failing') throw new Unreachable();
    if (this.#state === 'hanging') await new Promise<void>((go) => this.#waiting.push(go));
    return ask();
  }
}

export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}
