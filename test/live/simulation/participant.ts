import { LiveError, WorkTree } from '../../../src/live/index.js';
import type { MemoryProvider, TextBuffer, TextChange } from '../../../src/live/index.js';
import type { Characters } from './characters.js';
import { GatedProvider, Unreachable } from './gated-provider.js';

/** What a replica shows, in a form that can be compared. */
export interface Picture {
  readonly rows: readonly string[];
  readonly texts: readonly string[];
  /** Of visible text files alone, without conflicts. */
  readonly files: readonly string[];
}

/** One replica, with what it would keep on disk, and a check of everything it tells. */
export class Participant {
  readonly replica: number;
  readonly tree: WorkTree;
  readonly provider: GatedProvider;
  /** All that it sent or received, in that order. */
  readonly kept: Uint8Array[];
  readonly buffers: TextBuffer[] = [];
  isGone = false;
  /** Typed for something that is not made yet. */
  readonly unmade = new Set<string>();
  /** The first thing that went wrong where nobody waits for an answer. */
  fault: unknown;
  readonly #characters: Characters;
  readonly #mirrors = new Map<TextBuffer, string>();
  readonly #pending = new Set<Promise<void>>();

  private constructor(
    tree: WorkTree,
    replica: number,
    provider: GatedProvider,
    kept: Uint8Array[],
    characters: Characters,
  ) {
    this.tree = tree;
    this.replica = replica;
    this.provider = provider;
    this.kept = kept;
    this.#characters = characters;
  }

  static async make(
    options: {
      readonly replica: number;
      readonly git: MemoryProvider;
      readonly clock: () => number;
      readonly characters: Characters;
    },
    from: { readonly base: string } | { readonly operations: readonly Uint8Array[] },
    send: (bytes: Uint8Array) => void,
  ): Promise<Participant> {
    const { replica, git, clock, characters } = options;
    const provider = new GatedProvider(git);
    const common = { replica, provider, clock };
    const tree =
      'base' in from
        ? WorkTree.create({ ...common, base: from.base })
        : await WorkTree.join({ ...common, operations: from.operations });
    const kept = 'base' in from ? [] : from.operations.slice();
    const made = new Participant(tree, replica, provider, kept, characters);
    tree.on('operations', (bytes) => {
      // A process that ended sends nothing any more, whatever it had begun.
      if (made.isGone) return;
      kept.push(bytes);
      send(bytes);
    });
    tree.on('error', (error) => {
      if (!(error instanceof Unreachable)) made.fault ??= error;
    });
    return made;
  }

  /** Starts something that may have to wait; only what a user may see is allowed to go wrong. */
  start(promise: Promise<unknown>): void {
    const watched: Promise<void> = this.#watch(promise).finally(() => this.#pending.delete(watched));
    this.#pending.add(watched);
  }

  async #watch(promise: Promise<unknown>): Promise<void> {
    try {
      await promise;
    } catch (error) {
      if (!(error instanceof Unreachable) && !(error instanceof LiveError)) this.fault ??= error;
    }
  }

  /** Starts something that holds typed text as soon as it succeeds. */
  make(text: string, promise: Promise<unknown>): void {
    this.unmade.add(text);
    this.start(
      promise.then(
        () => void this.unmade.delete(text),
        (error: unknown) => {
          this.#characters.delete(text);
          throw error;
        },
      ),
    );
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  receive(bytes: Uint8Array): void {
    this.kept.push(bytes);
    this.start(this.#apply(bytes));
  }

  async #apply(bytes: Uint8Array): Promise<void> {
    const { refused } = await this.tree.apply(bytes);
    if (refused.length > 0) throw new Error(`refused: ${refused[0]?.message}`);
  }

  async open(path: string): Promise<void> {
    const buffer = await this.tree.open(path);
    if (this.#mirrors.has(buffer)) return;
    this.buffers.push(buffer);
    this.#mirrors.set(buffer, buffer.text());
    buffer.on('change', (change) => this.#change(buffer, change));
  }

  close(buffer: TextBuffer): void {
    buffer.close();
    this.#mirrors.delete(buffer);
    this.buffers.splice(this.buffers.indexOf(buffer), 1);
  }

  #change(buffer: TextBuffer, { edits, origin }: TextChange): void {
    const before = this.#mirrors.get(buffer) ?? '';
    let after = '';
    let at = 0;
    for (const { start, end, text } of edits) {
      after += before.slice(at, start) + text;
      if (origin === 'local') this.#characters.delete(before.slice(start, end));
      at = end;
    }
    this.#mirrors.set(buffer, after + before.slice(at));
  }

  /** Throws when a buffer is not what its events made of it. */
  checkBuffers(): void {
    if (this.fault !== undefined) throw this.fault;
    for (const [buffer, mirror] of this.#mirrors) {
      if (buffer.text() !== mirror) throw new Error(`replica ${this.replica}: events do not rebuild ${buffer.path()}`);
    }
  }

  /** All text that its entries, removed ones included, hold, and that its buffers keep. */
  async texts(): Promise<string[]> {
    const { texts } = await this.picture();
    const kept = this.buffers.map((buffer) => buffer.text());
    return [...texts, ...kept];
  }

  async picture(): Promise<Picture> {
    const rows: string[] = [];
    const texts: string[] = [];
    const files: string[] = [];
    for await (const entry of this.tree.entries({ removed: true })) {
      const { path, name, type, status, executable } = entry;
      let row = `${path ?? `(${name})`} ${type} ${status}${executable ? ' x' : ''}`;
      if (type === 'file' || type === 'symlink') {
        const bytes = await this.tree.read(entry);
        const text = new TextDecoder().decode(bytes);
        texts.push(text);
        if (path !== null && !bytes.includes(0)) files.push(text);
        row += ` ${text}`;
        if (!bytes.includes(0) && type === 'file') {
          const buffer = await this.tree.open(entry);
          for (const conflict of buffer.conflicts()) {
            texts.push(conflict.ours);
            row += ` !${conflict.offset} ${conflict.before} ${conflict.ours}`;
          }
          if (!this.#mirrors.has(buffer)) buffer.close();
        }
      }
      rows.push(row);
    }
    return { rows, texts, files };
  }
}
