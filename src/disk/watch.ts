import { whenReadable } from '../linux/poll.js';
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

/** Questions to the worker. `drain` is answered when for a while nothing has happened. */
export type WatchQuestion =
  | { readonly ask: 'open'; readonly id: number; readonly root: string; readonly options: WatchOptions }
  | { readonly ask: 'drain' | 'touched' | 'stats' | 'close'; readonly id: number };

export interface WatchReply {
  readonly answer: Touched | NotTrusted | WatchStats | undefined;
  /** The inotify descriptor from now on; -1 when there is none. The worker closes it only while a question is open. */
  readonly fd: number;
}

const worker = new Background<WatchQuestion, WatchReply>(new URL('./watch-worker.js', import.meta.url));
let lastId = 0;

/**
 * Knows what was touched in a tree since it was last asked; inotify(7). One thread works for all watchers; the main thread only waits for
 * the first event after a rest. Keeps no process from ending.
 */
export class Watcher {
  readonly #id: number;
  #open = 0;
  #closed = false;
  #stopWaiting: (() => void) | undefined;

  private constructor(id: number) {
    this.#id = id;
  }

  /**
   * Begins to watch. Everything that happens after this is in the answers; when the tree cannot be watched, they say so.
   * @param root absolute path without links, as text
   */
  static async open(root: string, options: WatchOptions): Promise<Watcher> {
    lastId += 1;
    const watcher = new Watcher(lastId);
    await watcher.#ask({ ask: 'open', id: lastId, root, options });
    return watcher;
  }

  /** What was touched since the last call, or since `open`: all of it, up to the moment of asking. */
  async touched(): Promise<Touched | NotTrusted> {
    return (await this.#ask({ ask: 'touched', id: this.#id })) as Touched | NotTrusted;
  }

  async stats(): Promise<WatchStats> {
    return (await this.#ask({ ask: 'stats', id: this.#id })) as WatchStats;
  }

  /** Ends the watch; the watcher must not be asked any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#ask({ ask: 'close', id: this.#id });
  }

  async #ask(question: WatchQuestion): Promise<WatchReply['answer']> {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#open += 1;
    const { answer, fd } = await worker.ask(question, question.ask !== 'drain').finally(() => (this.#open -= 1));
    if (this.#open === 0 && !this.#closed && fd >= 0) {
      this.#stopWaiting = whenReadable(fd, () => {
        // A lost thread shows at the next question.
        this.#ask({ ask: 'drain', id: this.#id }).catch(() => undefined);
      });
    }
    return answer;
  }
}
