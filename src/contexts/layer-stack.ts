import { lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import { isOpaque, isWhiteout } from '../linux/overlay-files.js';
import { join, type TreePath } from '../model/tree-path.js';
import { entryOf, filePath, type FilePath, type Located } from './tree-files.js';

/**
 * The directories that a stack of layers merges into one: absolute, topmost first. Of the stack itself these are the layers.
 * None at all is a directory with nothing beneath it.
 */
export type MergedDirectory = readonly FilePath[];

/** What a stack shows at a path. */
export interface StackNode extends Located {
  /** For a directory, what it is merged from; empty for anything else. */
  readonly merged: MergedDirectory;
}

/** `lstat` that says `undefined` for a name that is not there. */
export function lstatAt(at: FilePath): BigIntStats | undefined {
  return lstatSync(at, { bigint: true, throwIfNoEntry: false });
}

/**
 * What a merged directory shows under `name`, as overlayfs looks it up: the topmost layer that has the name decides, a whiteout is
 * nothing. A directory is merged with those below it down to the first layer that has a whiteout or another kind of node there, or
 * whose directory is opaque.
 */
export function childOf(directory: MergedDirectory, name: string, path: TreePath): StackNode | undefined {
  let top: Located | undefined;
  const merged: FilePath[] = [];
  for (const [depth, layer] of directory.entries()) {
    const at = filePath(layer, name);
    const stats = lstatAt(at);
    if (stats === undefined) continue;
    if (isWhiteout(stats)) break;
    if (!stats.isDirectory()) {
      top ??= { entry: entryOf(path, stats), at };
      break;
    }
    top ??= { entry: entryOf(path, stats), at };
    merged.push(at);
    if (depth < directory.length - 1 && isOpaque(at)) break;
  }
  return top === undefined ? undefined : { ...top, merged };
}

/** What a merged directory, itself at `path`, holds, ordered by name. */
export function childrenOf(directory: MergedDirectory, path: TreePath): StackNode[] {
  const names = new Set<string>();
  for (const layer of directory) for (const name of readdirSync(layer, 'latin1')) names.add(name);
  const children: StackNode[] = [];
  for (const name of [...names].sort()) {
    const child = childOf(directory, name, join(path, name));
    if (child !== undefined) children.push(child);
  }
  return children;
}

/** What lies below a merged directory, every directory before what it holds. */
export function* nodesBelow(directory: MergedDirectory, path: TreePath): Generator<StackNode, void, undefined> {
  for (const child of childrenOf(directory, path)) {
    yield child;
    if (child.entry.kind === 'directory') yield* nodesBelow(child.merged, child.entry.path);
  }
}

/** What the stack shows at `path`, as an overlay mount of the layers would, without mounting. `undefined`: nothing. */
export function statIn(layers: readonly string[], path: TreePath): StackNode | undefined {
  const [top] = layers;
  const stats = top === undefined ? undefined : lstatAt(top);
  if (top === undefined || stats === undefined) return undefined;
  let node: StackNode | undefined = { entry: entryOf('', stats), at: top, merged: layers };
  let at = '';
  for (const name of path === '' ? [] : path.split('/')) {
    at = join(at, name);
    node = childOf(node.merged, name, at);
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
