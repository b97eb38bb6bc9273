import { createHash } from 'node:crypto';
import { fstatSync, readSync } from 'node:fs';
import type { TreePath } from '../model/tree-path.js';
import { isFresh, isUnchanged, unsteady, withFile, type OpenFile, type Unread } from './open-file.js';

/** What a worker and who waits for it share: bytes read so far, and whether to stop. */
export interface HashSignals {
  readonly bytes: BigInt64Array;
  readonly stop: Int32Array;
}

export interface Hashed {
  readonly kind: 'done';
  readonly size: bigint;
  readonly sha1: string;
  readonly sha256: string;
  /** It was changed so recently that another change could leave the same size and second. */
  readonly fresh: boolean;
}

export type HashResult = Hashed | Unread;

/** Hashing was told to stop. */
export class StoppedError extends Error {}

const chunkBytes = 1024 * 1024;
let chunk: Buffer | undefined;

/**
 * Hashes a file below `root`, reading it once. One that changes while it is read is read once more, then it is a failure.
 * @throws StoppedError when `signals` say so
 */
export function hashFile(root: string, path: TreePath, signals: HashSignals): HashResult {
  return withFile(root, path, ({ descriptor, stats }) => {
    const file = { descriptor, stats };
    const again = (): OpenFile => ({ descriptor, stats: fstatSync(descriptor, { bigint: true }) });
    return hashOnce(file, signals) ?? hashOnce(again(), signals) ?? unsteady;
  });
}

function hashOnce(file: OpenFile, signals: HashSignals): Hashed | undefined {
  const [sha1, sha256] = [createHash('sha1'), createHash('sha256')];
  chunk ??= Buffer.allocUnsafeSlow(chunkBytes);
  let size = 0;
  for (;;) {
    if (Atomics.load(signals.stop, 0) !== 0) throw new StoppedError('hashing was stopped');
    const read = readSync(file.descriptor, chunk, 0, chunkBytes, size);
    if (read === 0) break;
    const part = chunk.subarray(0, read);
    sha1.update(part);
    sha256.update(part);
    size += read;
    Atomics.add(signals.bytes, 0, BigInt(read));
  }
  if (!isUnchanged(file, size)) return undefined;
  const fresh = isFresh(file.stats);
  return { kind: 'done', size: BigInt(size), sha1: sha1.digest('hex'), sha256: sha256.digest('hex'), fresh };
}
