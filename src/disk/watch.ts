import type { TreePath } from '../model/tree-path.js';
import { Background } from './background.js';

export interface WatchOptions {
  /** Paths that are left out with all below them. */
  readonly exclude?: readonly TreePath[];
  /**
   * A directory that exists, is not watched as part of the tree, and belongs to mizer. A file made in it and seen by the watch proves that
   * all before it was seen as well. Several watchers may share one.
   */
  readonly cookieDirectory: string;
}

/**
 * What was touched since the last question: looked at afterwards, it tells all that changed. Names of files with several names may be
 * missing: a write shows at the name it went through; `refresh` looks at such files always.
 */
export interface Touched {
  readonly trusted: true;
  /** Entries that may have come, gone or changed; directories among them for their own sake, not for what is below. */
  readonly paths: ReadonlySet<TreePath>;
  /** Directories that came or were moved here: all below is to be walked. */
  readonly subtrees: readonly TreePath[];
}

/** Events may be missing: the whole tree is to be walked. What is touched after this answer will be in the next one. */
export interface NotTrusted {
  readonly trusted: false;
  readonly reason: DistrustReason;
}

export type DistrustReason =
  /** The kernel's queue was full. */
  | 'overflow'
  /** No further directory may be watched (`fs.inotify.max_user_watches`), or no further tree (`max_user_instances`). */
  | 'limit'
  /** The root is gone, was moved or is another directory now. */
  | 'root-gone'
  /** A file system in the tree was unmounted. */
  | 'unmounted'
  /** Other machines write to the file system; the kernel says nothing of that. */
  | 'shared-file-system'
  /** More was touched than is kept; a walk is the quicker way. */
  | 'too-much'
  /** The watch spoke of a directory it should not know, or did not see the cookie. */
  | 'confused';

export interface WatchStats {
  readonly directories: number;
  /** Events read, and how often some were lost, since the watcher was opened. */
  readonly events: number;
  readonly overflows: number;
  /** Bytes of memory that the thread of all watchers holds. */
  readonly residentBytes: number;
}

/** Questions to the worker. */
export type WatchQuestion =
  | { readonly ask: 'open'; readonly id: number; readonly root: string; readonly options: WatchOptions }
  | { readonly ask: 'touched' | 'stats' | 'close'; readonly id: number };

export type WatchReply = Touched | NotTrusted | WatchStats | undefined;

const worker = new Background<WatchQuestion, WatchReply>(new URL('./watch-worker.js', import.meta.url));
let lastId = 0;

/** Knows what was touched in a tree since it was last asked; inotify(7). All watchers share one thread, which keeps no process from ending. */
export class Watcher {
  readonly #id: number;

  private constructor(id: number) {
    this.#id = id;
  }

  /**
   * Begins to watch. Everything that happens after this is in the answers; when the tree cannot be watched, they say so.
   * @param root absolute path without links, as text
   */
  static async open(root: string, options: WatchOptions): Promise<Watcher> {
    lastId += 1;
    const id = lastId;
    await worker.ask({ ask: 'open', id, root, options });
    return new Watcher(id);
  }

  /** What was touched since the last call, or since `open`: all of it, up to the moment of asking. */
  async touched(): Promise<Touched | NotTrusted> {
    return (await worker.ask({ ask: 'touched', id: this.#id })) as Touched | NotTrusted;
  }

  async stats(): Promise<WatchStats> {
    return (await worker.ask({ ask: 'stats', id: this.#id })) as WatchStats;
  }

  /** Ends the watch; the watcher must not be asked any more. */
  async close(): Promise<void> {
    await worker.ask({ ask: 'close', id: this.#id });
  }
}
