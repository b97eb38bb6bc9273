import { constants } from 'node:os';
import { MizerError } from '../model/errors.js';
import {
  closeOnExec,
  currentDirectory,
  emptyPath,
  mountCall,
  mountSetattr,
  moveMount,
  openTree,
  recursive,
  umount2,
} from './mount-calls.js';
import { checked, closeDescriptor, toCString, toMessage, type KernelPath } from './native.js';

const flags = { bind: 0x1000, recursive: 0x4000, slave: 1 << 19, shared: 1 << 20 };
const detachFlag = 2;
const noFollow = 8;
const cloneTree = 1;
const sourceIsDescriptor = 0x4;
const beneathTop = 0x200;
const readOnlyAttribute = 1n;

/** Shows `source`, a directory or file, at `target` too. With `recursive` also what is mounted below it; mount(2), MS_BIND. */
export function bind(source: KernelPath, target: KernelPath, options: { recursive?: boolean } = {}): void {
  const how = flags.bind | (options.recursive === true ? flags.recursive : 0);
  checked(mountCall(toCString(source), toCString(target), null, how, null), 'mount(MS_BIND)', target);
}

/** As `bind`, and nothing can be written through `target`; the mount is complete before it can be seen. mount_setattr(2), Linux 5.12. */
export function bindReadOnly(source: KernelPath, target: KernelPath): void {
  const mount = cloneMount(source);
  try {
    // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
    const attributes = BigUint64Array.of(readOnlyAttribute, 0n, 0n, 0n);
    const result = mountSetattr(mount, toCString(''), emptyPath, attributes, attributes.byteLength);
    checked(result, 'mount_setattr', target);
    attachMount(mount, target);
  } finally {
    closeDescriptor(mount);
  }
}

/** Lets later mounts at and below the mount `target` reach its copies in other namespaces. */
export function makeShared(target: KernelPath): void {
  checked(mountCall(null, toCString(target), null, flags.shared, null), 'mount(MS_SHARED)', target);
}

/** Lets the mount `target` and all below it receive mounts and pass on none. */
export function makeSlaveRecursive(target: KernelPath): void {
  const how = flags.slave | flags.recursive;
  checked(mountCall(null, toCString(target), null, how, null), 'mount(MS_SLAVE)', target);
}

/** Takes the topmost mount at `target` out of sight at once; who is in it stays until he leaves. umount2(2), MNT_DETACH. */
export function detach(target: KernelPath): void {
  checked(umount2(toCString(target), detachFlag | noFollow), 'umount2', target);
}

/**
 * A copy of the mount at `path`, attached nowhere: a descriptor; when closed (`closeDescriptor`) the copy goes, if it was not attached. open_tree(2), Linux 5.2.
 * A directory inside a mount may be named too.
 */
export function cloneMount(path: KernelPath, options: { recursive?: boolean } = {}): number {
  const how = cloneTree | closeOnExec | (options.recursive === true ? recursive : 0);
  return checked(openTree(currentDirectory, toCString(path), how), 'open_tree', path);
}

/**
 * Attaches a mount of `cloneMount` at `target`, on top of what is mounted there, or with `beneath` under the
 * topmost mount there, so that `detach` then uncovers it. The namespace may be another than the one it was made in. move_mount(2).
 * @throws MizerError `E_BENEATH_UNSUPPORTED` before Linux 6.5
 */
export function attachMount(mount: number, target: KernelPath, options: { beneath?: boolean } = {}): void {
  const beneath = options.beneath === true;
  const how = sourceIsDescriptor | (beneath ? beneathTop : 0);
  const result = moveMount(mount, toCString(''), currentDirectory, toCString(target), how);
  // Also what the kernel says where nothing is mounted at the target; before 6.5 it says nothing else.
  if (beneath && result === -constants.errno.EINVAL) {
    throw new MizerError('E_BENEATH_UNSUPPORTED', `No mount can be put beneath the one at ${toMessage(target)}.`, {
      group: 'failed',
      hint: 'This needs Linux 6.5 and a mount at that place; `mzr doctor` shows what this machine allows.',
      data: { errno: 'EINVAL', call: 'move_mount', path: toMessage(target) },
    });
  }
  checked(result, 'move_mount', target);
}
