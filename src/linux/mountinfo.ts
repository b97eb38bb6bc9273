import fs from 'node:fs';
import { MizerError } from '../model/errors.js';
import { fromText, isWithin } from '../model/tree-path.js';
import { namespaceId } from './namespaces.js';
import { hasException } from './poll.js';

/** One mount, as a line of /proc/PID/mountinfo tells it; proc_pid_mountinfo(5). Paths and names are byte strings. */
export interface Mount {
  readonly id: number;
  /** Of the mount it sits on; its own `id`, or one not in the list, at the root. */
  readonly parent: number;
  /** `major:minor` of the file system. */
  readonly dev: string;
  /** What part of the file system is mounted. */
  readonly root: string;
  /** Absolute, as the process sees it. */
  readonly mountPoint: string;
  /** Of the mount: `rw,relatime`. */
  readonly options: readonly string[];
  /** `shared:1`, `master:2`, `propagate_from:3`, `unbindable`. */
  readonly optional: readonly string[];
  readonly fsType: string;
  readonly source: string;
  /** Of the file system. */
  readonly superOptions: readonly string[];
}

/** Undoes the octal escapes of space, tab, newline, backslash and `#`. */
function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

function parseLine(line: string): Mount | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [id, parent, dev, root, mountPoint, options] = fields;
  const [fsType, source, superOptions] = fields.slice(separator + 1);
  if (separator < 0 || dev === undefined || root === undefined || mountPoint === undefined) return undefined;
  if (options === undefined || fsType === undefined || source === undefined) return undefined;
  return {
    id: Number(id),
    parent: Number(parent),
    dev,
    root: unescapeField(root),
    mountPoint: unescapeField(mountPoint),
    options: options.split(','),
    optional: fields.slice(6, separator),
    fsType,
    source: unescapeField(source),
    superOptions: (superOptions ?? '').split(',').map(unescapeField),
  };
}

/**
 * The mounts in the text of a mountinfo file, in its order: a later one at the same place lies on top.
 * @param text a byte string
 */
export function parseMountinfo(text: string): Mount[] {
  return text
    .split('\n')
    .map(parseLine)
    .filter((mount) => mount !== undefined);
}

/** The mounts of this process as they were last read, and the file that tells when there are others. */
let own: { readonly namespace: string | undefined; readonly fd: number; readonly mounts: readonly Mount[] } | undefined;

/**
 * The mounts this process sees. The kernel is asked for all of them, which takes it as long as there are many, only after a change of any:
 * that it tells by an exception on the open file; proc_pid_mounts(5).
 */
export function ownMounts(): readonly Mount[] {
  const namespace = namespaceId('self', 'mnt');
  if (own !== undefined && own.namespace === namespace && !hasException(own.fd)) return own.mounts;
  if (own !== undefined) fs.closeSync(own.fd);
  own = undefined;
  // What changes from here on is told.
  const fd = fs.openSync('/proc/self/mountinfo', 'r');
  own = { namespace, fd, mounts: parseMountinfo(fs.readFileSync(fd, 'latin1')) };
  return own.mounts;
}

/**
 * The mounts a process sees. `thread-self` is this thread, which may have a mount namespace of its own.
 * @throws MizerError `E_PROCESS_GONE` where there is no such process or it may not be looked at
 */
export function mountsOf(pid: number | 'thread-self'): Mount[] {
  let text: string;
  try {
    text = fs.readFileSync(`/proc/${pid}/mountinfo`, 'latin1');
  } catch (cause) {
    throw new MizerError('E_PROCESS_GONE', `The mounts of process ${pid} cannot be read.`, {
      group: 'failed',
      hint: 'It may have ended: run `mzr list`.',
      cause,
    });
  }
  return parseMountinfo(text);
}

/** The mount that this process sees an absolute path on; links in it are not followed. */
export function mountOf(directory: string): Mount {
  const path = fromText(directory).slice(1);
  const holding = ownMounts().filter((mount) => isWithin(path, mount.mountPoint.slice(1)));
  // Of mounts on one point the last covers the others.
  return holding.reduce((best, mount) => (mount.mountPoint.length >= best.mountPoint.length ? mount : best));
}
