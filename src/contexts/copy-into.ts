import { CopyBatch } from '../disk/copy-entry.js';
import type { Entry } from '../model/entry.js';
import type { TreePath } from '../model/tree-path.js';

export interface Copied {
  /** What was copied, as it was when its copy was taken. */
  readonly copied: readonly Entry[];
  /** Gone before they could be copied. */
  readonly gone: readonly TreePath[];
  /** Copied, but of no single moment. */
  readonly unstable: readonly TreePath[];
  /** Not copied: not to be read, or devices. */
  readonly unreadable: readonly TreePath[];
}

/** Copies single entries, none of them a directory, from one tree into another. @throws MizerError `E_DISK_FULL`, `E_WRITE_FAILED` */
export async function copyInto(from: string, to: string, entries: readonly Entry[]): Promise<Copied> {
  const batch = new CopyBatch(from, to);
  const copied: Entry[] = [];
  const gone: TreePath[] = [];
  const unstable: TreePath[] = [];
  const unreadable: TreePath[] = [];
  for (const { path } of entries) {
    const outcome = await batch.copy(path);
    if (outcome.state === 'copied' || outcome.state === 'unstable') copied.push(outcome.entry);
    if (outcome.state === 'unstable') unstable.push(path);
    if (outcome.state === 'gone') gone.push(path);
    if (outcome.state === 'failed') unreadable.push(path);
  }
  batch.finish();
  return { copied, gone, unstable, unreadable };
}
