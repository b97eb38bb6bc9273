import { join } from 'node:path';
import { copyTree, type CopyProgress } from '../disk/copy.js';
import type { Manifest } from '../model/manifest.js';
import type { TreePath } from '../model/tree-path.js';
import type { Store } from './store.js';
import { snapshotInto } from './subvolume-layer.js';

/** What a layer that holds the whole host view was made of. */
export interface WholeLayer {
  /** The host view as the layer has it. */
  readonly source: Manifest;
  /** Files that never rested while they were copied. */
  readonly unstable: readonly TreePath[];
  readonly unreadable: readonly TreePath[];
}

/**
 * Puts the whole host view into the new `tree` of a layer's `directory`: as a snapshot where the file system has such, else as a copy,
 * which shares the blocks of its files where the file system can.
 * @throws what `copyTree` throws
 */
export async function writeWholeLayer(
  store: Store,
  directory: string,
  exclude: readonly TreePath[],
  onProgress?: (progress: CopyProgress) => void,
): Promise<WholeLayer> {
  const tree = join(directory, 'tree');
  const source = await snapshotInto(store.workTree, tree, exclude);
  if (source !== undefined) return { source, unstable: [], unreadable: [] };
  await store.discard(tree);
  const copied = await copyTree({
    from: store.workTree,
    to: tree,
    exclude,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return { source: copied.source, unstable: copied.unstable, unreadable: copied.errors.map((error) => error.path) };
}
