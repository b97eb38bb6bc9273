import { lstatSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { addWatch, IN, openInotify, readEvents, removeWatch, type InotifyEvent } from '../linux/inotify.js';
import { closeDescriptor } from '../linux/native.js';
import { join, type TreePath } from '../model/tree-path.js';
import { temporaryName } from './atomic.js';
import { isOnSharedFileSystem } from './shared-file-system.js';
import { codeOf, locate } from './tree-location.js';
import type { DistrustReason, NotTrusted, Touched, WatchOptions } from './watch.js';

const STRUCTURE = IN.CREATE | IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO;
const SELF = IN.DELETE_SELF | IN.MOVE_SELF;
const EVENTS = STRUCTURE | SELF | IN.MODIFY | IN.ATTRIB | IN.CLOSE_WRITE;
const WATCH = EVENTS | IN.ONLYDIR | IN.DONT_FOLLOW | IN.EXCL_UNLINK;
/** More touched paths than this are forgotten in favour of a walk. */
const MOST_PATHS = 100_000;
/** Reads in one go, so that questions get their turn in a flood. */
const READS = 64;
/** What an entry that is not there, or no directory, or not ours to read, answers. A walk cannot enter it either. */
const unwatchable: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG']);

/** A watched directory. It is made anew, not moved, when the directory is. */
interface Node {
  readonly name: string;
  readonly path: TreePath;
  readonly parent: Node | undefined;
  readonly wd: number;
  readonly children: Map<string, Node>;
}

/**
 * The watches of one tree, an inotify instance of its own. Blocks while it sets watches, so it belongs into a worker.
 *
 * Why nothing is missed: a directory is watched first and read for subdirectories then, so each of those is found by reading or by an
 * event. Whenever an event says that a name in a watched directory became or ceased to be a directory, what stands at that name *now* is
 * compared with what is watched for it, and put right. Every such change of a name has an event after it, so the last one leaves the
 * watches true, in whatever state earlier ones found the disk. Such a directory is reported as a subtree, for what was in it before it was
 * watched.
 */
export class WatchedTree {
  events = 0;
  overflows = 0;
  readonly #root: string;
  readonly #excluded: ReadonlySet<TreePath>;
  readonly #cookieDirectory: string;
  readonly #buffer = new Uint8Array(64 * 1024);
  #fd = -1;
  #cookieWatch = -1;
  #identity = '';
  #byWatch = new Map<number, Node>();
  /** Watches that were ended here; the kernel may still have events of theirs to tell. */
  #ended = new Set<number>();
  #paths = new Set<TreePath>();
  #subtrees = new Set<TreePath>();
  #distrust: DistrustReason | undefined;

  constructor(root: string, { exclude = [], cookieDirectory }: WatchOptions) {
    this.#root = root;
    this.#excluded = new Set(exclude);
    this.#cookieDirectory = cookieDirectory;
    this.#begin();
  }

  get directories(): number {
    return this.#byWatch.size;
  }

  /** The inotify descriptor; -1 while the watch has nothing to say. */
  get fd(): number {
    return this.#fd;
  }

  /** Takes in what has happened. @returns whether there was anything */
  drain(): boolean {
    let reads = 0;
    while (reads < READS && this.#readOnce() !== undefined) reads += 1;
    return reads > 0;
  }

  /** See `Watcher.touched`. */
  touched(): Touched | NotTrusted {
    if (this.#distrust === undefined) this.#readToCookie();
    if (this.#distrust === undefined && this.#identity !== identityOf(this.#root)) this.#lose('root-gone');
    if (this.#distrust !== undefined) {
      const reason = this.#distrust;
      this.close();
      this.#begin();
      return { trusted: false, reason };
    }
    const answer: Touched = { trusted: true, paths: this.#paths, subtrees: [...this.#subtrees].sort() };
    this.#paths = new Set();
    this.#subtrees = new Set();
    return answer;
  }

  /** Gives the watches back. */
  close(): void {
    if (this.#fd >= 0) closeDescriptor(this.#fd);
    this.#fd = -1;
    this.#byWatch = new Map();
    this.#ended = new Set();
    this.#paths = new Set();
    this.#subtrees = new Set();
  }

  #begin(): void {
    this.#distrust = undefined;
    if (isOnSharedFileSystem(this.#root)) {
      this.#distrust = 'shared-file-system';
      return;
    }
    try {
      this.#fd = openInotify();
      this.#cookieWatch = addWatch(this.#fd, this.#cookieDirectory, IN.CREATE | IN.ONLYDIR);
    } catch (error) {
      this.#lose(['EMFILE', 'ENFILE', 'ENOSPC', 'ENOMEM'].includes(codeOf(error)) ? 'limit' : 'confused');
      return;
    }
    this.#identity = identityOf(this.#root);
    const wd = this.#watch('');
    if (wd === undefined) {
      this.#lose('root-gone');
      return;
    }
    this.#scan(this.#attach(undefined, '', wd));
  }

  /** From here on until the next question everything is forgotten, and the watches are given back. */
  #lose(reason: DistrustReason): void {
    this.#distrust ??= reason;
    this.close();
  }

  /** Reads up to a file made now. An event is queued before the call that caused it returns, so all earlier ones come first. */
  #readToCookie(): void {
    const cookie = temporaryName(joinPath(this.#cookieDirectory, 'cookie'));
    try {
      writeFileSync(cookie, '', { flag: 'wx', mode: 0o600 });
      unlinkSync(cookie);
    } catch {
      this.#lose('confused');
      return;
    }
    const name = Buffer.from(cookie.slice(cookie.lastIndexOf('/') + 1)).toString('latin1');
    while (this.#distrust === undefined) {
      const events = this.#readOnce();
      if (events === undefined) this.#lose('confused');
      if (events?.some((event) => event.wd === this.#cookieWatch && event.name === name)) return;
    }
  }

  /** Takes in what one read gives; `undefined` when there is nothing. */
  #readOnce(): readonly InotifyEvent[] | undefined {
    if (this.#fd < 0) return undefined;
    const events = readEvents(this.#fd, this.#buffer);
    if (events.length === 0) return undefined;
    this.events += events.length;
    for (const event of events) {
      if (this.#distrust === undefined) this.#take(event);
    }
    if (this.#paths.size > MOST_PATHS) this.#lose('too-much');
    return events;
  }

  #take({ wd, mask, name }: InotifyEvent): void {
    if ((mask & IN.Q_OVERFLOW) !== 0) {
      this.overflows += 1;
      this.#lose('overflow');
      return;
    }
    if (wd === this.#cookieWatch) {
      if ((mask & IN.IGNORED) !== 0) this.#lose('confused');
      return;
    }
    const node = this.#byWatch.get(wd);
    if (node === undefined) {
      if (!this.#ended.has(wd)) this.#lose('confused');
      if ((mask & IN.IGNORED) !== 0) this.#ended.delete(wd);
    } else if ((mask & IN.UNMOUNT) !== 0) this.#lose('unmounted');
    else if (name === '') this.#takeOwn(node, mask);
    else this.#takeNamed(node, mask, name);
  }

  /** An event of a watched directory itself. */
  #takeOwn(node: Node, mask: number): void {
    if (node.parent === undefined) {
      if ((mask & (SELF | IN.IGNORED)) !== 0) this.#lose('root-gone');
      return;
    }
    this.#paths.add(node.path);
    if ((mask & IN.IGNORED) === 0) return;
    // The kernel has ended the watch: the directory is gone.
    this.#byWatch.delete(node.wd);
    if (node.parent.children.get(node.name) === node) this.#putRight(node.parent, node.name);
  }

  /** An event of something in a watched directory. */
  #takeNamed(directory: Node, mask: number, name: string): void {
    const path = join(directory.path, name);
    const structural = (mask & STRUCTURE) !== 0;
    // A name that came or went is a change of its directory, whose times tell so.
    if (structural && directory.parent !== undefined) this.#paths.add(directory.path);
    if (this.#excluded.has(path)) return;
    this.#paths.add(path);
    const isDirectory = (mask & IN.ISDIR) !== 0;
    const isWatched = directory.children.has(name);
    // A directory that could not be watched may be open to us after a change of its permissions.
    const opened = isDirectory && !isWatched && (mask & IN.ATTRIB) !== 0;
    if (opened || (structural && (isDirectory || isWatched))) this.#putRight(directory, name);
  }

  /**
   * Makes the watches at `name` in `directory` agree with what stands there now. What is below is to be walked even if that is the directory
   * of before: it may have been away, or another in its place, when the caller last looked.
   */
  #putRight(directory: Node, name: string): void {
    const path = join(directory.path, name);
    const wd = this.#watch(path);
    if (this.#distrust !== undefined) return;
    const known = directory.children.get(name);
    const isSame = known !== undefined && known.wd === wd && this.#byWatch.get(wd) === known;
    if (known !== undefined && !isSame) this.#drop(known);
    if (wd === undefined) return;
    this.#subtrees.add(path);
    if (!isSame) this.#scan(this.#attach(directory, name, wd));
  }

  #attach(parent: Node | undefined, name: string, wd: number): Node {
    const path = parent === undefined ? '' : join(parent.path, name);
    const node: Node = { name, path, parent, wd, children: new Map() };
    // A directory that was moved, and whose old place is not dropped yet, changes hands here.
    this.#byWatch.set(wd, node);
    parent?.children.set(name, node);
    return node;
  }

  /** Watches all directories below `node`, of which it is new or its subtree is reported. */
  #scan(node: Node): void {
    let names: string[];
    try {
      names = readdirSync(locate(this.#root, node.path), { encoding: 'latin1', withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    } catch {
      // Gone again, of which an event will tell.
      return;
    }
    for (const name of names) {
      const path = join(node.path, name);
      const wd = this.#excluded.has(path) ? undefined : this.#watch(path);
      if (this.#distrust !== undefined) return;
      if (wd !== undefined) this.#scan(this.#attach(node, name, wd));
    }
  }

  #drop(node: Node): void {
    if (node.parent?.children.get(node.name) === node) node.parent.children.delete(node.name);
    if (this.#byWatch.get(node.wd) === node) {
      this.#byWatch.delete(node.wd);
      this.#ended.add(node.wd);
      removeWatch(this.#fd, node.wd);
    }
    for (const child of node.children.values()) this.#drop(child);
  }

  /** A watch of the directory at `path`; `undefined` when there is none that can be watched. */
  #watch(path: TreePath): number | undefined {
    try {
      return addWatch(this.#fd, locate(this.#root, path), WATCH);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOSPC' || code === 'ENOMEM') this.#lose('limit');
      else if (!unwatchable.has(code)) this.#lose('confused');
      // Nothing is where it was when a directory above the root has moved.
      else if (code === 'ENOENT' && this.#identity !== identityOf(this.#root)) this.#lose('root-gone');
      return undefined;
    }
  }
}

function identityOf(root: string): string {
  try {
    const { dev, ino } = lstatSync(root, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return '';
  }
}
