import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { walkIn } from '../../src/contexts/layer-stack.js';
import { at } from './layers.js';

/** Everything in a tree that is not a time: kind, bits and content, by path. */
export type TreeView = Map<string, string>;

/** What a plain directory holds. Names in `but` are left out, with all below them. */
export function viewOf(directory: string, but: readonly string[] = []): TreeView {
  const view: TreeView = new Map();
  const look = (below: string): void => {
    for (const name of readdirSync(below === '' ? directory : at(directory, below), 'latin1').sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      if (but.includes(path)) continue;
      const stats = lstatSync(at(directory, path));
      const bits = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) {
        view.set(path, `directory ${bits}`);
        look(path);
      } else if (stats.isSymbolicLink()) view.set(path, `link ${readlinkSync(at(directory, path), 'latin1')}`);
      else view.set(path, stats.isFile() ? `file ${bits} ${readFileSync(at(directory, path), 'latin1')}` : 'other');
    }
  };
  look('');
  return view;
}

/** Makes a plain directory that holds what a stack of layers shows. */
export function materialize(layers: readonly string[], directory: string): void {
  mkdirSync(directory, { recursive: true });
  const nodes = [...walkIn(layers, '')];
  for (const { entry, at: source } of nodes) {
    const to = at(directory, entry.path);
    if (entry.kind === 'directory') mkdirSync(to);
    if (entry.kind === 'symlink') symlinkSync(readlinkSync(source, 'buffer'), to);
    if (entry.kind !== 'file') continue;
    copyFileSync(source, to);
    chmodSync(to, entry.mode);
  }
  for (const { entry } of nodes.toReversed())
    if (entry.kind === 'directory') chmodSync(at(directory, entry.path), entry.mode);
}
