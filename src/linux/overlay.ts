import fs from 'node:fs';
import { constants } from 'node:os';
import { MizerError } from '../model/errors.js';
import { fsconfig, fsmount, fsopen, mountCall } from './mount-calls.js';
import { overlayError } from './mount-errors.js';
import { attachMount } from './mount.js';
import { closeDescriptor, toCString, toMessage, type KernelPath } from './native.js';

export interface Overlay {
  /** What mountinfo shows as the source, e.g. `mizer:<store>/<context>`; at most 255 bytes. */
  readonly source: string;
  /** Read-only layers, the topmost first; at most 500, and at least two where there is no `changes`. */
  readonly lowers: readonly KernelPath[];
  /** Where changes go; without it the mount is read-only. `work` is an empty directory on the same file system as `upper`. */
  readonly changes?: { readonly upper: KernelPath; readonly work: KernelPath };
  readonly target: KernelPath;
}

const command = { flag: 0, string: 1, create: 6 };
const closeOnExec = 1;
const emptyOptions = 0;
const page = 4096;
const longestString = 255;
const pathOnly = 0x200000;

/** Names directories for overlayfs. The descriptors it opens must stay open until the mount is made. */
interface Naming {
  /** The path itself where it is short and plain, so that mountinfo shows it; else as `brief`. */
  name(path: KernelPath): string;
  /** A path through a descriptor: `fsconfig` takes 255 bytes at most, and each kernel reads `,`, `:` and `\` differently. */
  brief(path: KernelPath): string;
}

function withNaming<Result>(action: (naming: Naming) => Result): Result {
  const opened: number[] = [];
  const brief = (path: KernelPath): string => {
    const fd = fs.openSync(typeof path === 'string' ? path : Buffer.from(path), pathOnly);
    opened.push(fd);
    return `/proc/self/fd/${fd}`;
  };
  const name = (path: KernelPath): string => {
    const bytes = toCString(path).toString('latin1').slice(0, -1);
    return bytes.length > longestString || /[,:\\]/.test(bytes) ? brief(path) : bytes;
  };
  try {
    return action({ name, brief });
  } finally {
    for (const fd of opened) fs.closeSync(fd);
  }
}

/** What the kernel wrote about a mount in the making, one message a line, `e overlay: …`; fsopen(2). */
function kernelLog(fd: number): string[] {
  const messages: string[] = [];
  const buffer = Buffer.alloc(page);
  try {
    for (;;) messages.push(buffer.toString('utf8', 2, fs.readSync(fd, buffer)).trim());
  } catch {
    // The end of the messages is an error of its own, ENODATA.
    return messages;
  }
}

/** Mounts with the newer interface. `false` where this kernel lacks it, or `lowerdir+` (Linux 6.7); nothing was mounted then. */
function mountInSteps(overlay: Overlay, naming: Naming): boolean {
  const context = fsopen(toCString('overlay'), closeOnExec);
  if (context === -constants.errno.ENOSYS) return false;
  if (context < 0) throw overlayError(context, 'fsopen', overlay.target, []);
  try {
    const set = (key: string, value: string): number =>
      fsconfig(context, command.string, toCString(key), toCString(Buffer.from(value, 'latin1')), 0);
    const must = (result: number, call: string): number => {
      if (result < 0) throw overlayError(result, call, overlay.target, kernelLog(context));
      return result;
    };
    must(set('source', Buffer.from(overlay.source).toString('latin1')), 'fsconfig(source)');
    for (const [index, lower] of overlay.lowers.entries()) {
      const result = set('lowerdir+', naming.name(lower));
      if (
        result === -constants.errno.EINVAL &&
        index === 0 &&
        kernelLog(context).some((line) => line.includes('Unknown'))
      )
        return false;
      must(result, 'fsconfig(lowerdir+)');
    }
    if (overlay.changes !== undefined) {
      must(set('upperdir', naming.name(overlay.changes.upper)), 'fsconfig(upperdir)');
      must(set('workdir', naming.name(overlay.changes.work)), 'fsconfig(workdir)');
    }
    must(fsconfig(context, command.flag, toCString('userxattr'), null, 0), 'fsconfig(userxattr)');
    must(fsconfig(context, command.create, null, null, 0), 'fsconfig(create)');
    const mount = must(fsmount(context, closeOnExec, emptyOptions), 'fsmount');
    try {
      attachMount(mount, overlay.target);
    } finally {
      closeDescriptor(mount);
    }
    return true;
  } finally {
    closeDescriptor(context);
  }
}

/** Mounts with mount(2), whose options fill at most one page: beyond that, layers are named as briefly as can be. */
function mountAtOnce(overlay: Overlay, naming: Naming): void {
  const optionsWith = (name: (path: KernelPath) => string): string => {
    const layers = `lowerdir=${overlay.lowers.map(name).join(':')}`;
    const { changes } = overlay;
    const upper = changes === undefined ? '' : `,upperdir=${name(changes.upper)},workdir=${name(changes.work)}`;
    return `${layers}${upper},userxattr`;
  };
  let options = optionsWith(naming.name);
  if (options.length >= page) options = optionsWith(naming.brief);
  if (options.length >= page) {
    const sentence = `${overlay.lowers.length} layers are more than this kernel can stack at ${toMessage(overlay.target)}.`;
    throw new MizerError('E_OVERLAY_TOO_MANY_LAYERS', sentence, {
      group: 'failed',
      hint: 'Run `mzr gc` to compact them; Linux 6.7 and later take 500.',
    });
  }
  const result = mountCall(
    toCString(overlay.source),
    toCString(overlay.target),
    toCString('overlay'),
    0,
    toCString(Buffer.from(options, 'latin1')),
  );
  if (result < 0) throw overlayError(result, 'mount(overlay)', overlay.target, []);
}

/**
 * Mounts an overlay at `overlay.target`, with `userxattr`: without it, deleting a lower directory as an ordinary user fails with EIO.
 * Never give one upper directory to two mounts: the kernel does not forbid it and the first one breaks.
 * @param how `at-once` is what kernels before 6.7 do
 * @throws MizerError `E_OVERLAY_INVALID`, `E_OVERLAY_LOOP`, `E_OVERLAY_BUSY`, `E_MOUNT_LIMIT`, `E_MOUNT_DENIED`,
 * `E_OVERLAY_UNSUPPORTED`, `E_MOUNT_MISSING`, with the kernel's own words in `data.log`
 */
export function mountOverlay(overlay: Overlay, how: 'in-steps' | 'at-once' = 'in-steps'): void {
  withNaming((naming) => {
    if (how === 'in-steps' && mountInSteps(overlay, naming)) return;
    mountAtOnce(overlay, naming);
  });
  if (overlay.changes !== undefined) letOwnerRemove(overlay.changes.work);
}

/**
 * The kernel makes `work/work` without any permission bits and leaves a file in it: an ordinary user could not remove the directory that
 * holds them. It asks itself for no permission there.
 */
function letOwnerRemove(work: KernelPath): void {
  const inner = Buffer.concat([toCString(work).subarray(0, -1), Buffer.from('/work')]);
  if (fs.existsSync(inner)) fs.chmodSync(inner, 0o700);
}
