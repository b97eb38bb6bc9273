import { lstatSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { locate } from '../disk/tree-location.js';
import type { FileStat } from '../git/index-file.js';
import type { Repository } from '../git/repository.js';
import { makeTemplate } from '../git/template-index.js';
import type { TreePath } from '../model/tree-path.js';
import { loadManifest } from './host-state.js';

/** What the process that makes a template reads from its standard input, as JSON. It answers by its exit status. */
export interface TemplateOrder {
  readonly repository: Pick<Repository, 'workTree' | 'gitDir' | 'objectFormat'>;
  readonly template: string;
  /** Where the snapshot can be seen. */
  readonly tree: string;
  /** The snapshot's layer directories, topmost first. */
  readonly layers: readonly string[];
  readonly through: readonly string[];
  /** The user's ids outside of the hub, in which he is 0. */
  readonly ids: { readonly uid: number; readonly gid: number };
}

const { layers, ids, ...order } = JSON.parse(await text(process.stdin)) as TemplateOrder;
const manifest = loadManifest(layers);

/** The host view's owner is not in a manifest: what git could not have seen otherwise, it has seen as the user's own. */
function host(path: TreePath): FileStat | undefined {
  const entry = manifest?.get(path);
  return entry === undefined || entry.kind === 'directory' ? undefined : { ...entry, ...ids };
}

function layer(path: TreePath): FileStat | undefined {
  const stats = lstatSync(locate(order.tree, path), { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return undefined;
  const outside = (id: number, own: number): number => (id === 0 ? own : id);
  return {
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    ino: Number(stats.ino),
    dev: Number(stats.dev),
    uid: outside(Number(stats.uid), ids.uid),
    gid: outside(Number(stats.gid), ids.gid),
  };
}

if (manifest === undefined || !(await makeTemplate({ ...order, host, layer, fill: true }))) process.exitCode = 1;
