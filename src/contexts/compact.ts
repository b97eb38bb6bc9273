import { linkSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../model/entry.js';
import type { TreePath } from '../model/tree-path.js';
import { isWithin } from '../model/tree-path.js';
import { readDelta, writeDelta } from './host-state.js';
import { statIn } from './layer-stack.js';
import type { SnapshotRecord } from './records.js';
import { writeThinLayer } from './thin-layer.js';
import { locate } from '../disk/tree-location.js';
import type { WorkTree } from './work-tree.js';

/** A cold look-up costs more with each layer; beyond this many a stack is compacted. */
const deepest = 10;

/**
 * Joins the thin layers of the newest snapshot into one, of hard links: layers are immutable, so a file may be in several. Contexts keep
 * the stacks they stand on. Nothing happens while the stack is not deep. The caller holds the store's lock.
 */
export async function compact(tree: WorkTree): Promise<SnapshotRecord | undefined> {
  const newest = await tree.host.newest();
  if (newest === undefined) return undefined;
  const lineage = await tree.store.lineage(newest.snapshot);
  if (lineage.length <= deepest) return undefined;
  const deltas = lineage.map((record) => readDelta(tree.store.layerDirectory(record.id)));
  const end = deltas.indexOf(undefined);
  const thin = lineage.slice(0, end);
  const [top, below] = [thin[0], lineage[end]];
  if (top === undefined || below === undefined || thin.length < 2) return undefined;
  const { put, removed } = joined(deltas.slice(0, end).toReversed());
  const stack = thin.map((record) => tree.store.layerTree(record.id));
  const record = await tree.store.addLayer(async (directory) => {
    const target = join(directory, 'tree');
    await writeThinLayer(tree.path, target, { put, removed }, newest.manifest, (entries) => {
      for (const entry of entries) {
        const node = statIn(stack, entry.path);
        if (node !== undefined) linkSync(node.at, locate(target, entry.path));
      }
    });
    writeDelta(directory, put, removed);
    const { version: _version, id: _id, createdAt: _createdAt, ...like } = top;
    return { ...like, below: below.id, entries: put.length + removed.length, bytes: 0, kept: false };
  });
  await tree.host.standOn(record.id);
  return record;
}

interface Delta {
  readonly put: readonly Entry[];
  readonly remove: readonly TreePath[];
}

/** What several deltas, the earliest first, come to. A path that went stays removed below a file that became a directory again. */
function joined(deltas: readonly (Delta | undefined)[]): { readonly put: Entry[]; readonly removed: TreePath[] } {
  const put = new Map<TreePath, Entry>();
  const removed = new Set<TreePath>();
  for (const delta of deltas) {
    for (const path of delta?.remove ?? []) {
      for (const other of put.keys()) if (isWithin(other, path)) put.delete(other);
      removed.add(path);
    }
    for (const entry of delta?.put ?? []) {
      put.set(entry.path, entry);
      removed.delete(entry.path);
    }
  }
  const order = [...put.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { put: order, removed: [...removed].sort() };
}
