import type { Mount } from '../linux/mountinfo.js';
import { isWithin, type TreePath } from '../model/tree-path.js';
import type { ContextKey } from '../contexts/mounts.js';

/** What a session is to see at a work tree's path. */
export interface View {
  /** Absolute. */
  readonly workTree: string;
  /** Where the hub has the context mounted; the host view when absent. */
  readonly mountPoint?: string;
  /** What is not forked but shared with the host view; must exist there. */
  readonly share: readonly TreePath[];
}

const sourcePrefix = 'mizer:';

/** The source of a context's mount, by which /proc/PID/mountinfo tells who sees it. */
export function sourceOf(key: ContextKey): string {
  return `${sourcePrefix}${key.storeId}/${key.name}`;
}

/** The context whose source this is, or `undefined` for any other mount. */
export function keyOf(source: string): ContextKey | undefined {
  if (!source.startsWith(sourcePrefix)) return undefined;
  const slash = source.indexOf('/');
  return slash < 0 ? undefined : { storeId: source.slice(sourcePrefix.length, slash), name: source.slice(slash + 1) };
}

/** The mounts at exactly `mountPoint`, the lowest first. Their order in mountinfo is no help: one put beneath is younger. */
export function stackAt(mounts: readonly Mount[], mountPoint: string): Mount[] {
  const rest = mounts.filter((mount) => mount.mountPoint === mountPoint);
  const ids = new Set(rest.map((mount) => mount.id));
  const stack: Mount[] = [];
  let next = rest.find((mount) => mount.id === mount.parent || !ids.has(mount.parent));
  while (next !== undefined) {
    const top: Mount = next;
    stack.push(top);
    next = rest.find((mount) => mount.parent === top.id && mount.id !== top.id);
  }
  return stack;
}

/** A context in sight: what lies on top at a path outside the directory of mount points. */
export interface Sight {
  readonly key: ContextKey;
  /** A byte string. */
  readonly workTree: string;
}

/** The contexts that a process with these mounts sees at work trees. */
export function contextsInSight(mounts: readonly Mount[], state: string): Sight[] {
  const found: Sight[] = [];
  for (const workTree of new Set(
    mounts.filter((mount) => keyOf(mount.source) !== undefined).map((mount) => mount.mountPoint),
  )) {
    if (inside(workTree, state)) continue;
    const key = keyOf(stackAt(mounts, workTree).at(-1)?.source ?? '');
    if (key !== undefined) found.push({ key, workTree });
  }
  return found;
}

/** The context in which `directory` lies for a process with these mounts. @param directory an absolute path as a byte string */
export function contextAt(mounts: readonly Mount[], state: string, directory: string): Sight | undefined {
  return contextsInSight(mounts, state)
    .filter((sight) => inside(directory, sight.workTree))
    .toSorted((a, b) => b.workTree.length - a.workTree.length)[0];
}

/** Whether an absolute path is `directory` or lies below it. */
export function inside(path: string, directory: string): boolean {
  return isWithin(path, directory === '/' ? '' : directory);
}
