import { readdirSync } from 'node:fs';
import { locate } from '../disk/tree-location.js';
import { isOpaque, isWhiteout } from '../linux/overlay-files.js';
import { join, type TreePath } from '../model/tree-path.js';
import { located, lstatAt, type Located } from './tree-files.js';

/** The layers whose directories are merged at some path: absolute, topmost first. None: nothing lies there. */
export type MergedDirectory = readonly string[];

/** What a stack shows at a path. */
export interface StackNode extends Located {
  /** For a directory, the layers that it is merged from; empty for anything else. */
  readonly merged: MergedDirectory;
}

/**
 * What the stack shows at `path`, given the layers merged at its parent, as overlayfs looks it up: the topmost layer that has the name
 * decides, a whiteout is nothing. A directory is merged with those below it down to the first layer that has a whiteout or another kind
 * of node there, or whose directory is opaque.
 */
export function nodeAt(parent: MergedDirectory, path: TreePath): StackNode | undefined {
  let top: Located | undefined;
  const merged: string[] = [];
  for (const layer of parent) {
    const at = locate(layer, path);
    const stats = lstatAt(at);
    if (stats === undefined) continue;
    if (isWhiteout(stats)) break;
    if (stats.isDirectory()) merged.push(layer);
    else if (top !== undefined) break;
    top ??= located(layer, path, stats);
    if (!stats.isDirectory() || (layer !== parent.at(-1) && isOpaque(at))) break;
  }
  return top === undefined ? undefined : { ...top, merged };
}

/** What the directory at `path`, merged from `directory`, holds, ordered by name. */
export function childrenOf(directory: MergedDirectory, path: TreePath): StackNode[] {
  const names = new Set<string>();
  for (const layer of directory) for (const name of readdirSync(locate(layer, path), 'latin1')) names.add(name);
  const children: StackNode[] = [];
  for (const name of [...names].sort()) {
    const child = nodeAt(directory, join(path, name));
    if (child !== undefined) children.push(child);
  }
  return children;
}

/** What lies below the directory at `path`, merged from `directory`, every directory before what it holds. */
export function* nodesBelow(directory: MergedDirectory, path: TreePath): Generator<StackNode, void, undefined> {
  for (const child of childrenOf(directory, path)) {
    yield child;
    if (child.entry.kind === 'directory') yield* nodesBelow(child.merged, child.entry.path);
  }
}

/**
 * What the stack shows at `path`, as an overlay mount of the layers would, without mounting. `undefined`: nothing.
 * @param layers absolute directories, topmost first
 */
export function statIn(layers: readonly string[], path: TreePath): StackNode | undefined {
  const [top] = layers;
  const stats = top === undefined ? undefined : lstatAt(top);
  if (top === undefined || stats === undefined) return undefined;
  let node: StackNode | undefined = { ...located(top, '', stats), merged: layers };
  let at = '';
  for (const name of path === '' ? [] : path.split('/')) {
    at = join(at, name);
    node = nodeAt(node.merged, at);
    if (node === undefined) return undefined;
  }
  return node;
}

/** What the stack shows in a directory, ordered by name; nothing where there is no directory. */
export function listIn(layers: readonly string[], directory: TreePath): StackNode[] {
  return childrenOf(statIn(layers, directory)?.merged ?? [], directory);
}

/** What the stack shows below a directory, every directory before what it holds. */
export function walkIn(layers: readonly string[], directory: TreePath): Generator<StackNode, void, undefined> {
  return nodesBelow(statIn(layers, directory)?.merged ?? [], directory);
}
