import { MizerError } from '../model/errors.js';
import { errnoName, systemError, toMessage, type KernelPath } from './native.js';

interface Meaning {
  readonly code: string;
  readonly sentence: string;
  readonly hint: string;
}

const doctor = 'Run `mzr doctor` to see what this machine allows.';

/** What the kernel means by refusing an overlay. */
const meanings: Readonly<Record<string, Meaning>> = {
  EINVAL: {
    code: 'E_OVERLAY_INVALID',
    sentence:
      'a layer holds a mount that was made outside, its file system cannot be the upper layer, or upper and work directory lie on different ones',
    hint: 'Unmount what is mounted inside the work tree, or exclude it; `mzr doctor` names the file system.',
  },
  ELOOP: {
    code: 'E_OVERLAY_LOOP',
    sentence: 'two of its layers lie inside each other, or overlays are stacked too deep',
    hint: 'Move the store out of the work tree with `git config mizer.store`.',
  },
  EBUSY: {
    code: 'E_OVERLAY_BUSY',
    sentence: 'its upper or work directory is mounted already',
    hint: 'Run `mzr list` to see which sessions use it.',
  },
  ENOSPC: {
    code: 'E_MOUNT_LIMIT',
    sentence: 'the disk is full, or the limit of mounts in a namespace (fs.mount-max) is reached',
    hint: 'Free space, or close sessions: `mzr list` shows them.',
  },
  EPERM: { code: 'E_MOUNT_DENIED', sentence: 'this process lacks the right to mount here', hint: doctor },
  EACCES: { code: 'E_MOUNT_DENIED', sentence: 'a directory on the way may not be searched', hint: doctor },
  ENODEV: { code: 'E_OVERLAY_UNSUPPORTED', sentence: 'this kernel has no overlay file system', hint: doctor },
  EOPNOTSUPP: {
    code: 'E_OVERLAY_UNSUPPORTED',
    sentence: 'the file system of its layers cannot hold them',
    hint: doctor,
  },
  ENOENT: {
    code: 'E_MOUNT_MISSING',
    sentence: 'one of its directories, or the place to mount it, does not exist',
    hint: 'Run `mzr doctor` to look for damage in the store.',
  },
};

/**
 * The error of a failed overlay mount.
 * @param result `-errno`
 * @param log what the kernel wrote about it, if anything
 */
export function overlayError(result: number, call: string, target: KernelPath, log: readonly string[]): MizerError {
  const errno = errnoName(-result);
  const meaning = meanings[errno];
  if (meaning === undefined) return systemError(result, call, target);
  const kernel = log.length === 0 ? '' : ` The kernel says: ${log.join('; ')}.`;
  const sentence = `The overlay cannot be mounted at ${toMessage(target)}: ${meaning.sentence} (${errno}).${kernel}`;
  return new MizerError(meaning.code, sentence, {
    group: 'failed',
    hint: meaning.hint,
    data: { errno, call, path: toMessage(target), log },
  });
}
