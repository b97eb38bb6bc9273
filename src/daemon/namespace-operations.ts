import fs from 'node:fs';
import {
  enterMountNamespace,
  namespaceIdOf,
  newMountNamespace,
  openNamespace,
  openOwnMountNamespace,
} from '../linux/namespaces.js';
import { attachMount, bind, cloneMount, detach, makeShared, makeSlaveRecursive } from '../linux/mount.js';
import { mountsOf, type Mount } from '../linux/mountinfo.js';
import { closeDescriptor, errnoOf } from '../linux/native.js';
import { mountOverlay, type Overlay } from '../linux/overlay.js';
import { toBytes } from '../model/tree-path.js';
import { asMountPoint } from './places.js';
import type { Substitute } from './ssh-files.js';
import { inside, keyOf, stackAt, type View } from './view.js';

/** A namespace the daemon holds open for a client that is about to enter it. */
export interface PreparedNamespace {
  readonly fd: number;
  /** `mnt:[…]` */
  readonly namespace: string;
}

interface WantedSession {
  readonly view: View;
  readonly substitutes: readonly Substitute[];
  readonly base?: number;
}

/**
 * What the namespace thread can do. It stands in the hub's mount namespace before and after each call, and each call is synchronous,
 * so none sees another's namespace. A call that fails has changed nothing that can be seen, and leaves the thread in the hub.
 */
export interface Operations {
  /** Makes `state` a shared mount of its own and takes away what a recovered namespace had at work trees. */
  prepareHub(this: void, state: string): void;
  mountOverlay(this: void, overlay: Overlay): void;
  bind(this: void, paths: { readonly source: string; readonly target: string }): void;
  detach(this: void, target: string): void;
  /** A new private mount namespace with `view` and `substitutes`: a copy of the hub's, or of the one `base` is in. */
  openSession(this: void, wanted: WantedSession): PreparedNamespace;
  /** Shows `view` in the mount namespace of the process `pid`, in place of what was there. At no moment the host view shows through. */
  show(this: void, wanted: { readonly view: View; readonly pid: number }): void;
}

export function namespaceOperations(): Operations {
  const hub = openOwnMountNamespace();
  return {
    prepareHub,
    mountOverlay,
    bind: ({ source, target }) => bind(source, target),
    detach,
    openSession({ view, substitutes, base }) {
      return withTree(hub, view, (tree) =>
        visiting(hub, base, () => {
          newMountNamespace();
          makeSlaveRecursive('/');
          place(tree, view);
          for (const { source, target } of substitutes) bind(source, target);
          const fd = openOwnMountNamespace();
          return { fd, namespace: namespaceIdOf(fd, 'mnt') };
        }),
      );
    },
    show({ view, pid }) {
      withTree(hub, view, (tree) => visiting(hub, pid, () => place(tree, view)));
    },
  };
}

function prepareHub(state: string): void {
  const mounts = mountsOf('thread-self');
  const own = asMountPoint(state);
  if (stackAt(mounts, own).length === 0) bind(state, state);
  makeShared(state);
  const leftovers = mounts.filter((mount) => keyOf(mount.source) !== undefined && !inside(mount.mountPoint, own));
  for (const mount of leftovers) detach(toBytes(mount.mountPoint));
}

/** Runs `action` in the mount namespace of the process `pid` (the hub's without one) and comes back to the hub, whatever happens. */
function visiting<T>(hub: number, pid: number | undefined, action: () => T): T {
  const there = pid === undefined ? undefined : openNamespace(`/proc/${pid}/ns/mnt`);
  try {
    if (there !== undefined) enterMountNamespace(there);
    return action();
  } finally {
    enterMountNamespace(hub);
    if (there !== undefined) closeDescriptor(there);
  }
}

/**
 * Gives `action` what `view` shows as one tree of mounts that is attached nowhere yet, so that it appears whole. Where something is
 * shared, the tree is put together in a mount namespace that is thrown away.
 */
function withTree<T>(hub: number, view: View, action: (tree: number) => T): T {
  const tree = assemble(hub, view);
  try {
    return action(tree);
  } finally {
    closeDescriptor(tree);
  }
}

function assemble(hub: number, view: View): number {
  if (view.mountPoint === undefined) return cloneMount(view.workTree, { recursive: true });
  if (view.share.length === 0) return cloneMount(view.mountPoint);
  const { mountPoint } = view;
  return visiting(hub, undefined, () => {
    newMountNamespace();
    makeSlaveRecursive('/');
    const shared = view.share.map((path) => ({
      path,
      tree: cloneMount(below(view.workTree, path), { recursive: true }),
    }));
    try {
      bind(mountPoint, view.workTree);
      for (const { path, tree } of shared) {
        makePlace(below(mountPoint, path), fs.fstatSync(tree).isDirectory());
        attachMount(tree, below(view.workTree, path));
      }
      return cloneMount(view.workTree, { recursive: true });
    } finally {
      for (const { tree } of shared) closeDescriptor(tree);
    }
  });
}

function below(directory: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), toBytes(path)]);
}

/** A mount needs something of its kind to be mounted on. */
function makePlace(path: Buffer, directory: boolean): void {
  if (fs.existsSync(path)) return;
  if (directory) {
    fs.mkdirSync(path, { recursive: true });
  } else {
    fs.mkdirSync(path.subarray(0, path.lastIndexOf('/')), { recursive: true });
    fs.writeFileSync(path, '', { flag: 'a' });
  }
}

/**
 * Puts `tree` where this namespace has the work tree: beneath the old context, which is then detached. Where the kernel cannot do that
 * (before 6.5), or the old one is locked (it came from a parent namespace), it goes on top; what lies on the lowest context is then
 * taken away first, so that the stack does not grow.
 */
function place(tree: number, view: View): void {
  const at = asMountPoint(view.workTree);
  const stack = stackAt(mountsOf('thread-self'), at);
  const lowest = stack.findIndex((mount) => keyOf(mount.source) !== undefined);
  if (lowest < 0) {
    if (view.mountPoint !== undefined) attachMount(tree, view.workTree);
    return;
  }
  if (view.mountPoint === undefined && uncover(stack.slice(lowest), view.workTree)) return;
  try {
    attachMount(tree, view.workTree, { beneath: true });
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error;
    uncover(stack.slice(lowest + 1), view.workTree);
    attachMount(tree, view.workTree);
    return;
  }
  detach(view.workTree);
}

/** Detaches `above`, the upper part of the stack at `target`, from the top; stops at a locked mount. Whether all of it went. */
function uncover(above: readonly Mount[], target: string): boolean {
  for (let left = above.length; left > 0; left -= 1) {
    try {
      detach(target);
    } catch (error) {
      if (errnoOf(error) === 'EINVAL') return false;
      throw error;
    }
  }
  return true;
}
