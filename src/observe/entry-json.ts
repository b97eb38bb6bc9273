import { toBytes, toText, type TreePath } from '../model/tree-path.js';
import type { Growth } from './growth.js';
import type { Entry } from './list.js';
import type { Node } from './nodes.js';

/** An entry as one line of JSON; numbers are written whole, however great. */
export function entryJson(entry: Entry): string {
  return `{"path":${pathJson(entry.path)},"depth":${entry.depth},${nodeJson(entry)}}\n`;
}

/** A difference as one line of JSON. */
export function growthJson({ path, depth, change, bytes, files, before, after }: Growth): string {
  const side = (node: Node | undefined): string => (node === undefined ? 'null' : `{${nodeJson(node)}}`);
  const own = `"path":${pathJson(path)},"depth":${depth},"change":"${change}","bytes":${bytes},"files":${files}`;
  return `{${own},"before":${side(before)},"after":${side(after)}}\n`;
}

function nodeJson({ kind, mtime, totals, target, head }: Node): string {
  const { dirs, files, links, others, size } = totals;
  const own = `"kind":"${kind}","size":${size},"mtime":${mtime ?? 'null'}`;
  const below =
    kind === 'file' || kind === 'link' ? '' : `,"dirs":${dirs},"files":${files},"links":${links},"others":${others}`;
  const points = target === undefined ? '' : `,"target":${bytesJson(target)}`;
  return own + below + points + (head === undefined ? '' : `,"head":"${head}"`);
}

/** As all paths in JSON of mizer; the root is `.`. */
export function pathJson(path: TreePath): string {
  return bytesJson(path === '' ? '.' : path);
}

function bytesJson(bytes: string): string {
  return JSON.stringify(toText(bytes) ?? { bytes: Buffer.from(toBytes(bytes)).toString('base64') });
}
