import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type BigIntStats, readdirSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAtomic } from '../disk/atomic.js';
import type { MonitorView } from '../git/fsmonitor.js';
import { adminDirectory } from '../git/linked-worktree.js';
import type { Repository } from '../git/repository.js';
import { templateServes } from '../git/template-index.js';
import { MizerError } from '../model/errors.js';
import type { TreePath } from '../model/tree-path.js';
import { readDelta } from './host-state.js';
import { readSound } from './read-sound.js';
import type { ContextRecord, SnapshotRecord } from './records.js';
import type { TemplateOrder } from './template-worker.js';
import { keyOf, upperOf, type WorkTree } from './work-tree.js';

/** The index a context begins with, and what git's monitor must know when it comes from a template. */
export interface ReadyIndex {
  readonly indexFrom: string;
  readonly monitor?: MonitorView;
}

/** `index/current.json`: the template that is in use, and what it was made of. */
interface Current {
  readonly snapshot: string;
  /** Of the host view's index. */
  readonly stamp: string;
}

/** More changed paths than these, and git had better look at everything itself. */
const largestDelta = 10_000;

/**
 * An index for a context that stands on a snapshot of the host view: the template's, if it says what the host view's index says and was made
 * of this snapshot or one below it; else the host view's own. git replaces an index, it never writes into one, so a link is enough.
 */
export async function readyIndex(
  tree: WorkTree,
  repository: Repository,
  base: SnapshotRecord | undefined,
  record: ContextRecord,
): Promise<ReadyIndex> {
  const own = { indexFrom: join(repository.gitDir, 'index') };
  const current = await readSound(currentFile(tree), isCurrent);
  if (base === undefined || current === undefined) return own;
  if (current.stamp !== stampOf(repository) && !templateServes(templateOf(tree, current), repository)) return own;
  const delta = await pathsBetween(tree, current.snapshot, base);
  if (delta === undefined || delta.length > largestDelta) return own;
  const template = templateOf(tree, current);
  const indexFrom = join(template, 'index');
  // What is shared changes without a trace in the upper directory: there git must look itself.
  if (record.share.length > 0 || tree.host.mountsInside().length > 0) return { indexFrom };
  return { indexFrom, monitor: monitorView(tree, repository, record, template, delta) };
}

/** Whether a context's index is still the host view's or the template made from it: nothing is staged in it alone. */
export async function isReadyIndex(tree: WorkTree, repository: Repository, record: ContextRecord): Promise<boolean> {
  const own = look(join(adminDirectory(repository.commonDir, record.name), 'index'));
  const current = await readSound(currentFile(tree), isCurrent);
  const begun = [repository.gitDir, ...(current === undefined ? [] : [templateOf(tree, current)])];
  const isOne = (index: ReturnType<typeof look>): boolean => index?.ino === own?.ino && index?.dev === own?.dev;
  return own === undefined || begun.some((directory) => isOne(look(join(directory, 'index'))));
}

function look(file: string): BigIntStats | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false });
}

function monitorView(
  tree: WorkTree,
  repository: Repository,
  record: ContextRecord,
  template: string,
  delta: readonly TreePath[],
): MonitorView {
  const upper = upperOf(record);
  const inside = relative(repository.commonDir, upper);
  // The overlay hides what lies in the work tree's own git directory; the second path shows it.
  const seen = inside.startsWith('..') ? upper : join(tree.mounts.secondPath(tree.store.id, tree.path), inside);
  return {
    places: [tree.path, tree.mounts.mountPoint(keyOf(tree, record.name))],
    upper: seen,
    prefix: '',
    template,
    delta,
  };
}

/** What the layers between two snapshots changed; `undefined` when the one does not lie below the other. */
async function pathsBetween(tree: WorkTree, lower: string, upper: SnapshotRecord): Promise<TreePath[] | undefined> {
  const paths = new Set<TreePath>();
  for (const { id } of await tree.store.lineage(upper.id)) {
    if (id === lower) return [...paths];
    const delta = readDelta(tree.store.layerDirectory(id));
    if (delta === undefined) return undefined;
    for (const { path, kind } of delta.put) if (kind !== 'directory') paths.add(path);
    for (const path of delta.remove) paths.add(path);
  }
  return undefined;
}

/**
 * Makes the template for the newest snapshot and the host view's index as they are, unless it is there. Takes a process of its own and
 * seconds on a large tree, so it is for when nobody waits; forks go on meanwhile.
 */
export async function prepareTemplate(
  tree: WorkTree,
  ids: TemplateOrder['ids'],
  through: readonly string[],
): Promise<void> {
  const repository = tree.repository;
  const newest = await tree.host.newest();
  if (repository === undefined || newest === undefined) return;
  const wanted: Current = { snapshot: newest.snapshot, stamp: stampOf(repository) };
  const current = await readSound(currentFile(tree), isCurrent);
  if (wanted.stamp === '' || (current?.snapshot === wanted.snapshot && current.stamp === wanted.stamp)) return;
  const lineage = await tree.store.lineage(wanted.snapshot);
  const layers = lineage.map(({ id }) => tree.store.layerDirectory(id));
  const view = await viewOfSnapshot(tree, layers);
  try {
    const template = templateOf(tree, wanted);
    await rm(template, { recursive: true, force: true });
    const made = await order({ repository, template, tree: view.path, layers, through, ids });
    // An index that was replaced meanwhile may be the one that was read.
    if (!made || stampOf(repository) !== wanted.stamp) return;
    await writeAtomic(currentFile(tree), JSON.stringify(wanted), { mode: 0o600 });
    await removeOthers(tree, wanted);
  } finally {
    await view.close();
  }
}

interface SnapshotView {
  readonly path: string;
  close(): Promise<void>;
}

/** A place where a snapshot can be seen: its layer, or for several an overlay of them. */
async function viewOfSnapshot(tree: WorkTree, layers: readonly string[]): Promise<SnapshotView> {
  const [only, ...others] = layers.map((layer) => join(layer, 'tree'));
  if (only !== undefined && others.length === 0) return { path: only, close: () => Promise.resolve() };
  // No context can have this name.
  const key = keyOf(tree, '.snapshot');
  const changes = join(tree.store.directory, 'index', 'view');
  await tree.mounts.unmount(key);
  for (const part of ['upper', 'work']) await mkdir(join(changes, part), { recursive: true });
  const lowers = [only ?? '', ...others];
  const path = await tree.mounts.mount({ key, lowers, upper: join(changes, 'upper'), work: join(changes, 'work') });
  return { path, close: () => tree.mounts.unmount(key) };
}

async function order(what: TemplateOrder): Promise<boolean> {
  const worker = fileURLToPath(new URL('template-worker.js', import.meta.url));
  const child = spawn(process.execPath, [worker], { stdio: ['pipe', 'ignore', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(what));
  const [status] = (await once(child, 'close')) as [number | null];
  if (said.length > 0) {
    throw new MizerError('E_TEMPLATE', `No index could be prepared: ${Buffer.concat(said).toString().trim()}`, {
      group: 'failed',
      hint: 'Contexts work; their first git status is slow.',
    });
  }
  return status === 0;
}

async function removeOthers(tree: WorkTree, wanted: Current): Promise<void> {
  const own = templateName(wanted);
  for (const name of readdirSync(join(tree.store.directory, 'index'))) {
    const isTemplate = /^[0-9a-z]+-[0-9a-f-]+(?:\.new)?$/.test(name);
    if (isTemplate && name !== own)
      await rm(join(tree.store.directory, 'index', name), { recursive: true, force: true });
  }
}

/** Changes whenever git replaces the host view's index; `''` without one. */
function stampOf(repository: Repository): string {
  const stats = statSync(join(repository.gitDir, 'index'), { bigint: true, throwIfNoEntry: false });
  return stats === undefined
    ? ''
    : `${stats.ino.toString(16)}-${stats.mtimeNs.toString(16)}-${stats.size.toString(16)}`;
}

function templateName({ snapshot, stamp }: Current): string {
  return `${snapshot}-${stamp}`;
}

function templateOf(tree: WorkTree, current: Current): string {
  return join(tree.store.directory, 'index', templateName(current));
}

function currentFile(tree: WorkTree): string {
  return join(tree.store.directory, 'index', 'current.json');
}

function isCurrent(value: unknown): value is Current {
  const record = value as Partial<Current> | null;
  return typeof record === 'object' && typeof record?.snapshot === 'string' && typeof record.stamp === 'string';
}
