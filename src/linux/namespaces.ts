import fs from 'node:fs';
import { checked, foreign, toCString, type KernelPath } from './native.js';

const unshare = foreign<[number]>('unshare', 'int', ['int']);
const setns = foreign<[number, number]>('setns', 'int', ['int', 'int']);
const ioctl = foreign<[number, number, number]>('ioctl', 'int', ['int', 'ulong', 'long']);

const openCall = foreign<[Buffer, number]>('open', 'int', ['void *', 'int']);

const closeOnExec = 0x80000;
const cloneFs = 0x200;
const cloneNewNs = 0x20000;
const getUserNamespace = 0xb701;
const getParentNamespace = 0xb702;

/**
 * Gives the calling thread a root, working directory and umask of its own, which the kernel demands of a thread that changes its
 * mount namespace. For worker threads: once done it cannot be undone. unshare(2), CLONE_FS.
 */
export function ownFileSystemContext(): void {
  checked(unshare(cloneFs), 'unshare(CLONE_FS)');
}

/**
 * Moves the calling thread into a new mount namespace, a copy of the present one. What is shared stays so: make it slave.
 * Needs CAP_SYS_ADMIN in the user namespace, and `ownFileSystemContext` in a process of several threads. unshare(2).
 */
export function newMountNamespace(): void {
  checked(unshare(cloneNewNs), 'unshare(CLONE_NEWNS)');
}

/**
 * Moves the calling thread into the mount namespace `fd`; its root and working directory become that namespace's root.
 * Needs CAP_SYS_ADMIN in the namespace's owner and in the thread's user namespace, and `ownFileSystemContext`. setns(2).
 */
export function enterMountNamespace(fd: number): void {
  checked(setns(fd, cloneNewNs), 'setns');
}

/** Opens a namespace file such as `/proc/PID/ns/mnt`; it keeps the namespace alive until `closeDescriptor`, also when the thread ends. */
export function openNamespace(path: KernelPath): number {
  return checked(openCall(toCString(path), closeOnExec), 'open', path);
}

/** Opens the mount namespace in which the calling thread is now. */
export function openOwnMountNamespace(): number {
  return openNamespace('/proc/thread-self/ns/mnt');
}

export type NamespaceKind = 'mnt' | 'user';

/**
 * The name of a namespace, `mnt:[4026531841]`, which no other living namespace has.
 * @returns `undefined` where there is no such process or it may not be looked at
 */
export function namespaceId(pid: number | 'self' | 'thread-self', kind: NamespaceKind): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

/** The name of the namespace of `kind` that `fd` holds, as `namespaceId` gives it. */
export function namespaceIdOf(fd: number, kind: NamespaceKind): string {
  return `${kind}:[${fs.fstatSync(fd).ino}]`;
}

/** Opens the user namespace that owns the namespace `fd`: what `nsenter --user` must enter first. ioctl_ns(2). */
export function openOwner(fd: number): number {
  return checked(ioctl(fd, getUserNamespace, 0), 'ioctl(NS_GET_USERNS)');
}

/** Opens the parent of the user namespace `fd`. Fails with EPERM beyond the caller's own. ioctl_ns(2). */
export function openParent(fd: number): number {
  return checked(ioctl(fd, getParentNamespace, 0), 'ioctl(NS_GET_PARENT)');
}
