import { join } from 'node:path';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import { manifestOf } from '../model/manifest.js';
import { parentOf, toDisplay, type TreePath } from '../model/tree-path.js';
import { copyInto } from './copy-into.js';
import { readDelta } from './host-state.js';
import { statIn } from './layer-stack.js';
import { openContext } from './open.js';
import type { ContextRecord, SnapshotRecord } from './records.js';
import { writeThinLayer } from './thin-layer.js';
import { sameContent } from './tree-files.js';
import { ignoredIn } from './unsaved.js';
import { upperChanges } from './upper-changes.js';
import { layersOf, repositoryOf, upperOf, type WorkTree } from './work-tree.js';
import { ignoredAmong } from '../git/ignored.js';

/**
 * Banks a build: what git ignores among a context's changes becomes a layer upon the newest snapshot, on which new contexts stand. That is
 * right only when the build was one of the sources as they are now; otherwise products newer than sources they do not belong to would
 * be taken for up to date. The caller holds the store's lock and has taken `newest` just now.
 * @throws MizerError `E_PROMOTE_STALE` when sources differ, `E_PROMOTE_NOTHING`, `E_NEEDS_GIT`
 */
export async function promote(tree: WorkTree, record: ContextRecord, newest: SnapshotRecord): Promise<SnapshotRecord> {
  repositoryOf(tree, 'telling build products from sources');
  // A product that was made again and came out the same is newer than its sources, which is what a build looks at.
  const changes = upperChanges(await layersOf(tree, record), upperOf(record), true);
  const ignored = await ignoredIn(tree, record)(changes.map(({ change }) => change));
  const sources = changes.map(({ change }) => change.path).filter((path) => !ignored.has(path));
  await refuseStale(tree, record, newest, sources);
  const products = changes.filter(({ change }) => ignored.has(change.path));
  if (products.length === 0) {
    throw new MizerError('E_PROMOTE_NOTHING', `Context '${record.name}' has no build products of its own.`, {
      hint: `Build in it first: mzr exec ${record.name} -- make`,
    });
  }
  const mountPoint = await openContext(tree, record);
  const put = products.flatMap(({ after }) => (after === undefined ? [] : [after.entry]));
  const removed = products.filter(({ after }) => after === undefined).map(({ change }) => change.path);
  const now = manifestOf([...put, ...directoriesAbove([mountPoint], [...put.map((entry) => entry.path), ...removed])]);
  const banked = await tree.store.addLayer(async (directory) => {
    const target = join(directory, 'tree');
    const { copied, unstable, unreadable } = await writeThinLayer(
      mountPoint,
      target,
      { put, removed },
      now,
      (entries) => copyInto(mountPoint, target, entries),
    );
    return {
      below: newest.id,
      entries: products.length,
      bytes: copied.reduce((sum, entry) => sum + entry.size, 0),
      promoted: true,
      kept: false,
      unstable,
      unreadable,
      ...(newest.head === undefined ? {} : { head: newest.head }),
      ...(newest.branch === undefined ? {} : { branch: newest.branch }),
    };
  });
  await tree.host.standOn(banked.id);
  return banked;
}

function directoriesAbove(layers: readonly string[], paths: readonly TreePath[]): Entry[] {
  const found = new Map<TreePath, Entry>();
  for (const path of paths) {
    for (let at = parentOf(path); at !== '' && !found.has(at); at = parentOf(at)) {
      const node = statIn(layers, at);
      if (node !== undefined) found.set(at, node.entry);
    }
  }
  return [...found.values()];
}

async function refuseStale(
  tree: WorkTree,
  record: ContextRecord,
  newest: SnapshotRecord,
  sources: readonly TreePath[],
): Promise<void> {
  const lineage = await tree.store.lineage(newest.id);
  const base = lineage.findIndex((snapshot) => snapshot.id === record.base);
  const paths = new Set(sources);
  for (const snapshot of lineage.slice(0, Math.max(base, 0))) {
    const delta = readDelta(tree.store.layerDirectory(snapshot.id));
    for (const entry of delta?.put ?? []) if (entry.kind !== 'directory') paths.add(entry.path);
    for (const path of delta?.remove ?? []) paths.add(path);
  }
  const context = [upperOf(record), ...(await layersOf(tree, record))];
  const host = await tree.store.layers(newest.id);
  const differing = [...paths].filter((path) => !isSameIn(context, host, path));
  const ignored = await ignoredAmong(
    tree.path,
    differing.map((path) => ({ path, isDirectory: false })),
  );
  const stale = differing.filter((path) => !ignored.has(path));
  if (base >= 0 && stale.length === 0) return;
  const [first] = stale;
  const which =
    first === undefined
      ? 'The host view'
      : `${toDisplay(first)}${stale.length === 1 ? '' : ` and ${stale.length - 1} more`}`;
  throw new MizerError('E_PROMOTE_STALE', `${which} is not what context '${record.name}' built from.`, {
    hint: `Bring its changes back with \`mzr apply ${record.name}\`, or build again in a fresh fork and promote that.`,
    data: { paths: stale.slice(0, 100) },
  });
}

function isSameIn(one: readonly string[], other: readonly string[], path: TreePath): boolean {
  const [a, b] = [statIn(one, path), statIn(other, path)];
  if (a === undefined || b === undefined) return a === b;
  return a.entry.kind === b.entry.kind && (a.entry.kind === 'directory' || sameContent(a, b));
}
