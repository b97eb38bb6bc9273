import { chmodSync, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepareBranch } from '../git/branches.js';
import { resetIndex, resetTo, resolveRevision } from '../git/checkout.js';
import { type Head, resolve } from '../git/repository.js';
import { copyTree, type CopyProgress } from '../disk/copy.js';
import { areSubvolumesOfOne } from '../linux/btrfs.js';
import { makeWhiteout } from '../linux/overlay-files.js';
import { setTimes } from '../linux/times.js';
import { checkName } from '../model/context-name.js';
import { MizerError } from '../model/errors.js';
import { nearest } from '../model/nearest.js';
import { checkPath, parentOf, toDisplay, type TreePath } from '../model/tree-path.js';
import { indexOf, headOf, registerContext, unregisterContext } from './context-git.js';
import { statIn } from './layer-stack.js';
import { registerSubmodules } from './context-submodules.js';
import { openContext } from './open.js';
import { generateName } from './names.js';
import type { ContextRecord, SnapshotRecord } from './records.js';
import { lstatAt } from './tree-files.js';
import { locate } from '../disk/tree-location.js';
import { readyIndex } from './ready-index.js';
import { discardContext, keyOf, repositoryOf, upperOf, type WorkTree } from './work-tree.js';

/** How a context is to be made (contexts.md, "Options that make a context"). Paths are tree paths. */
export interface MakeRequest {
  readonly name?: string;
  /** A context or snapshot; `-` is the host view. The context one stands in, else the host view, when absent. */
  readonly from?: string;
  readonly standing?: string;
  readonly at?: string;
  readonly clean?: boolean;
  readonly live?: boolean;
  readonly branch?: string;
  readonly share?: readonly TreePath[];
  readonly exclude?: readonly TreePath[];
  readonly hidden: boolean;
  /** Hidden, but to be kept for a while after its command. */
  readonly kept?: boolean;
  readonly command?: readonly string[];
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface Made {
  readonly record: ContextRecord;
  /** Sentences for the person. */
  readonly notes: readonly string[];
}

/** What a context is forked from. */
interface Source {
  /** The snapshot it stands on; absent for a live context. */
  readonly base?: SnapshotRecord;
  /** A directory of changes to begin with: another context's upper directory, or a snapshot of one. */
  readonly changes?: string;
  /** The context whose index is taken; the host view's when absent. */
  readonly context?: string;
  /** The index that a snapshot kept. */
  readonly index?: string;
  /** HEAD there; empty in a plain directory. */
  readonly head: Head;
  /** HEAD is not the host view's, so the index is made from it. */
  readonly indexOfHead?: boolean;
  readonly notes: readonly string[];
}

/**
 * Makes a context and mounts it. Whatever fails or whenever the process dies, no part of a context is left that looks like one: its record
 * is written last. The caller holds the store's lock.
 * @throws MizerError `E_CONTEXT_EXISTS`, `E_FROM_UNKNOWN`, `E_REV_UNKNOWN`, `E_BRANCH_IN_USE`, `E_PATH_INVALID`, …
 */
export async function makeContext(tree: WorkTree, request: MakeRequest): Promise<Made> {
  checkRequest(tree, request);
  const name = request.name ?? generateName((taken) => tree.store.hasContext(taken), tree.random);
  refuseTaken(tree, name);
  const source = await sourceOf(tree, request);
  const directory =
    request.live === true ? join(tree.liveDirectory, tree.store.id, name) : tree.store.contextDirectory(name);
  const record: ContextRecord = {
    version: 1,
    name,
    hidden: request.hidden,
    live: request.live ?? false,
    createdAt: new Date().toISOString(),
    share: request.share ?? [],
    directory,
    limits: {},
    submodules: [],
    ...(source.base === undefined ? {} : { base: source.base.id }),
    ...(request.kept === true ? { keptAt: new Date().toISOString() } : {}),
    ...(request.command === undefined ? {} : { command: request.command }),
  };
  try {
    await fillUpper(tree, record, source, request.exclude ?? []);
    const { head, reset } = await checkedOut(tree, record, source, request);
    const submodules =
      tree.repository === undefined ? [] : await registerSubmodules(tree, tree.repository, record, source.context);
    // Last, because git's own file at the top changed its time.
    dressLike(source.changes ?? tree.path, upperOf(record));
    const finished = { ...record, submodules, ...(head === undefined ? {} : { head }) };
    await tree.store.writeContext(finished);
    const mountPoint = await openContext(tree, finished);
    if (reset === undefined && source.indexOfHead === true) await resetIndex({ cwd: mountPoint });
    if (reset !== undefined)
      await resetTo({ cwd: mountPoint }, reset, { clean: true, alsoIgnored: request.clean ?? false });
    return { record: finished, notes: [...source.notes, ...liveNotes(tree, record)] };
  } catch (error) {
    await undo(tree, record);
    throw error;
  }
}

function checkRequest(tree: WorkTree, request: MakeRequest): void {
  if (request.name !== undefined) checkName(request.name);
  for (const path of [...(request.share ?? []), ...(request.exclude ?? [])]) checkPath(path);
  for (const path of request.share ?? []) {
    if (lstatAt(locate(tree.path, path)) !== undefined) continue;
    throw new MizerError('E_SHARE_MISSING', `${toDisplay(path)} is not in the host view, so it cannot be shared.`, {
      hint: `Make it first: mkdir -p ${toDisplay(path)}`,
    });
  }
  if (request.at !== undefined) repositoryOf(tree, '--at');
  if (request.branch !== undefined) repositoryOf(tree, '--branch');
  if (request.clean === true) repositoryOf(tree, '--clean');
  if (request.live === true && request.from !== undefined) {
    throw new MizerError('E_USAGE', '--live stands on the host view, so it cannot be combined with --from.', {
      group: 'usage',
      hint: 'Leave one of the two out.',
    });
  }
}

function refuseTaken(tree: WorkTree, name: string): void {
  if (!tree.store.hasContext(name)) return;
  throw new MizerError('E_CONTEXT_EXISTS', `There is a context '${name}' already.`, {
    hint: `Enter it with \`mzr shell ${name}\`, or remove it with \`mzr drop ${name}\`.`,
  });
}

async function sourceOf(tree: WorkTree, request: MakeRequest): Promise<Source> {
  const host = async (): Promise<Head> => (tree.repository === undefined ? {} : headOf(tree.repository));
  if (request.live === true) return { head: await host(), notes: [] };
  const from = request.from ?? request.standing ?? '-';
  if (from === '-') return hostSource(tree, request, await host());
  if (tree.store.hasContext(from)) {
    const other = await tree.store.context(from);
    const head = tree.repository === undefined ? {} : await headOf(tree.repository, from);
    const own = { changes: upperOf(other), context: from, head };
    if (other.base !== undefined) return { base: await tree.store.snapshot(other.base), notes: [], ...own };
    // What a live context stands on is the host view, now.
    return { ...(await hostSource(tree, request, await host())), ...own };
  }
  const snapshot = await tree.store.snapshot(from).catch((error: unknown) => {
    if (error instanceof MizerError && error.code === 'E_SNAPSHOT_UNKNOWN') throw unknownSource(tree, from);
    throw error;
  });
  if (snapshot.of === undefined || snapshot.below === undefined) {
    const now = await host();
    const then = await headThen(tree, snapshot);
    if (then === undefined || then.oid === now.oid) return { base: snapshot, head: now, notes: [] };
    return { base: snapshot, head: then, indexOfHead: true, notes: [] };
  }
  const index = join(tree.store.layerDirectory(snapshot.id), 'index');
  return {
    base: await tree.store.snapshot(snapshot.below),
    changes: tree.store.layerTree(snapshot.id),
    head: (await headThen(tree, snapshot)) ?? (await host()),
    notes: [],
    ...(existsSync(index) ? { index } : {}),
  };
}

/** HEAD when a snapshot was taken, unless that commit is gone. */
async function headThen(tree: WorkTree, { head }: SnapshotRecord): Promise<Head | undefined> {
  if (tree.repository === undefined || head === undefined) return undefined;
  const oid = await resolve(tree.path, `${head}^{commit}`);
  return oid === undefined ? undefined : { oid };
}

function unknownSource(tree: WorkTree, from: string): MizerError {
  const near = nearest(from, [...tree.store.contextNames(), ...tree.store.snapshotIds()]);
  return new MizerError('E_FROM_UNKNOWN', `There is neither a context nor a snapshot '${from}'.`, {
    hint: near === undefined ? 'Run `mzr list --all` and `mzr snapshots`.' : `Did you mean '${near}'?`,
  });
}

async function hostSource(tree: WorkTree, request: MakeRequest, info: Head): Promise<Source> {
  const base = await tree.host.take({
    touched: await tree.touched(),
    info: {
      ...(info.oid === undefined ? {} : { head: info.oid }),
      ...(info.branch === undefined ? {} : { branch: info.branch }),
    },
    kept: false,
    ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
  });
  return { base, head: info, notes: notesOf(base) };
}

/** What a person should know of a snapshot that was taken for a fork. */
function notesOf({ unstable, unreadable }: SnapshotRecord): string[] {
  const some = (paths: readonly TreePath[]): string => {
    const shown = paths.slice(0, 3).map(toDisplay).join(', ');
    return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
  };
  return [
    ...(unstable.length === 0
      ? []
      : [`Changed all the time while it was copied, so of no single moment: ${some(unstable)}.`]),
    ...(unreadable.length === 0 ? [] : [`Cannot be read, so not in the fork: ${some(unreadable)}.`]),
  ];
}

/** Overlayfs shows inode numbers as they are below, and in two subvolumes of one btrfs the same can be given out twice. */
function liveNotes(tree: WorkTree, { live, directory }: ContextRecord): string[] {
  if (!live || !areSubvolumesOfOne(tree.path, directory)) return [];
  return [
    'The state directory is in another btrfs subvolume, so new and old files can have the same inode number here: cp and tar may take two files for one.',
  ];
}

/** The upper directory with what it begins with: another context's changes, and whiteouts for what is excluded. */
async function fillUpper(
  tree: WorkTree,
  record: ContextRecord,
  source: Source,
  exclude: readonly TreePath[],
): Promise<void> {
  mkdirSync(tree.store.contextDirectory(record.name), { recursive: true, mode: 0o700 });
  mkdirSync(record.directory, { recursive: true, mode: 0o700 });
  const upper = upperOf(record);
  if (source.changes === undefined) {
    mkdirSync(upper);
    dressLike(tree.path, upper);
  } else {
    // The top `.git` file is the other context's own; registration writes this one's.
    await copyTree({ from: source.changes, to: upper, exclude: ['.git'] });
  }
  mkdirSync(join(record.directory, 'work'), { recursive: true });
  const layers = source.base === undefined ? [tree.path] : await tree.store.layers(source.base.id);
  for (const path of exclude) {
    if (statIn(layers, path) === undefined) continue;
    leadTo(layers, upper, path);
    if (lstatAt(locate(upper, path)) === undefined) makeWhiteout(locate(upper, path));
  }
  for (const path of tree.host.mountsInside()) {
    leadTo(layers, upper, path);
    if (statIn(layers, path) === undefined) mkdirSync(locate(upper, path), { recursive: true });
  }
}

/** Makes the directories above `path` in an upper directory, alike to those below. */
function leadTo(layers: readonly string[], upper: string, path: TreePath): void {
  const parent = parentOf(path);
  if (parent === '' || lstatAt(locate(upper, parent)) !== undefined) return;
  leadTo(layers, upper, parent);
  const below = statIn(layers, parent);
  mkdirSync(locate(upper, parent));
  if (below !== undefined) dressLike(below.at, locate(upper, parent));
}

function dressLike(model: string | Buffer, path: string | Buffer): void {
  const stats = lstatSync(model, { bigint: true });
  chmodSync(path, Number(stats.mode) & 0o7777);
  setTimes(path, stats.mtimeNs, stats.mtimeNs);
}

interface CheckedOut {
  readonly head?: string;
  /** The commit whose tracked files the context must be given. */
  readonly reset?: string;
}

/** Registers the context with git, on the HEAD that was asked for. */
async function checkedOut(
  tree: WorkTree,
  record: ContextRecord,
  source: Source,
  request: MakeRequest,
): Promise<CheckedOut> {
  const repository = tree.repository;
  if (repository === undefined) return {};
  const from = source.head;
  const at = request.at === undefined ? undefined : await resolveRevision(repository.workTree, request.at);
  const start: Head = at === undefined ? from : { oid: at };
  const kept = source.index ?? (source.context === undefined ? undefined : indexOf(repository, source.context));
  const index =
    kept === undefined
      ? await readyIndex(tree, repository, source.changes === undefined ? source.base : undefined, record)
      : { indexFrom: kept };
  const isReset = at !== undefined || request.clean === true;
  if (request.branch === undefined) {
    const head = start.oid === undefined ? { branch: record.name } : { oid: start.oid };
    registerContext(tree, repository, record, head, index);
    if (start.oid === undefined) return {};
    return { head: start.oid, ...(isReset ? { reset: start.oid } : {}) };
  }
  const branch = await prepareBranch(repository, request.branch, start);
  registerContext(tree, repository, record, { branch: request.branch }, index);
  if (branch.oid === undefined) return {};
  return { head: branch.oid, ...(isReset || branch.oid !== from.oid ? { reset: branch.oid } : {}) };
}

async function undo(tree: WorkTree, record: ContextRecord): Promise<void> {
  await tree.mounts.unmount(keyOf(tree, record.name));
  if (tree.repository !== undefined) unregisterContext(tree.repository, record.name);
  await discardContext(tree, record);
}
