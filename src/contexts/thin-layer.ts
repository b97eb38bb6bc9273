import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { locate } from '../disk/tree-location.js';
import { makeWhiteout } from '../linux/overlay-files.js';
import { setTimes } from '../linux/times.js';
import type { Entry } from '../model/entry.js';
import type { Manifest } from '../model/manifest.js';
import { isWithin, parentOf, type TreePath } from '../model/tree-path.js';

/** What a thin layer adds to the layers below it. */
export interface LayerContent {
  /** Entries that are new or have changed. */
  readonly put: readonly Entry[];
  /** Paths that are below and must no longer be seen. */
  readonly removed: readonly TreePath[];
}

/**
 * Writes a layer into the new directory `tree`: what `place` puts there of `put`, whiteouts for `removed`, and the directories that lead
 * to them with the modes and times they have in `now`, because overlayfs shows those of the topmost layer.
 * @param source the tree whose root the layer's root is to resemble
 * @param place copies or links the entries it is given, none of them a directory, to where they are in `tree`
 */
export async function writeThinLayer<Placed>(
  source: string,
  tree: string,
  { put, removed }: LayerContent,
  now: Manifest,
  place: (entries: readonly Entry[]) => Placed | Promise<Placed>,
): Promise<Placed> {
  mkdirSync(tree, { mode: 0o700 });
  const directories = new Map<TreePath, Entry>();
  const lead = (path: TreePath): void => {
    const parent = parentOf(path);
    if (parent === '' || directories.has(parent)) return;
    lead(parent);
    const entry = now.get(parent);
    if (entry?.kind !== 'directory') return;
    directories.set(parent, entry);
    mkdirSync(locate(tree, parent), { recursive: true, mode: 0o700 });
  };
  for (const entry of put) {
    lead(entry.path);
    if (entry.kind !== 'directory' || directories.has(entry.path)) continue;
    directories.set(entry.path, entry);
    mkdirSync(locate(tree, entry.path), { recursive: true, mode: 0o700 });
  }
  const placed = await place(put.filter((entry) => entry.kind !== 'directory'));
  for (const path of topmost(removed)) {
    // Where a parent is not a directory any more, nothing below it can be seen anyway.
    if (path.includes('/') && now.get(parentOf(path))?.kind !== 'directory') continue;
    lead(path);
    makeWhiteout(locate(tree, path));
  }
  const deepestFirst = [...directories.values()].sort((a, b) => (a.path < b.path ? 1 : -1));
  for (const entry of deepestFirst) dress(locate(tree, entry.path), entry);
  const root = lstatSync(source, { bigint: true });
  dress(tree, { mode: Number(root.mode & 0o7777n), mtimeNs: root.mtimeNs });
  return placed;
}

function dress(path: string | Buffer, { mode, mtimeNs }: Pick<Entry, 'mode' | 'mtimeNs'>): void {
  chmodSync(path, mode);
  setTimes(path, mtimeNs, mtimeNs);
}

/** Paths that lie below no other of them; `paths` is in order. */
function topmost(paths: readonly TreePath[]): TreePath[] {
  const top: TreePath[] = [];
  for (const path of [...paths].sort()) {
    const last = top.at(-1);
    if (last === undefined || !isWithin(path, last)) top.push(path);
  }
  return top;
}
