import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { applyContext } from '../contexts/apply-context.js';
import { end, forgetGroup, freeze, isFrozen, limit, thaw } from '../contexts/control.js';
import { rewind, snapshotContext } from '../contexts/context-snapshots.js';
import { headOf } from '../contexts/context-git.js';
import { diff } from '../contexts/diff.js';
import { collect } from '../contexts/gc.js';
import { contextState } from '../contexts/info.js';
import { placeForPlain } from '../contexts/init.js';
import type { Inhabitant } from '../contexts/mounts.js';
import { refuseHurt } from '../contexts/open.js';
import { promote } from '../contexts/promote.js';
import type { ContextRecord, SnapshotRecord } from '../contexts/records.js';
import { keepForGit } from '../contexts/kept-objects.js';
import { drop, dropHurt, permitDrop, refuseInhabited } from '../contexts/remove.js';
import { Store } from '../contexts/store.js';
import { ignoredIn } from '../contexts/unsaved.js';
import { upperChanges } from '../contexts/upper-changes.js';
import { keyOf, layersOf, repositoryOf, upperOf, type WorkTree } from '../contexts/work-tree.js';
import { listArchives } from '../git/archive.js';
import { MizerError } from '../model/errors.js';
import { fromText, pathFrom, type TreePath } from '../model/tree-path.js';
import type { ContextInfo, SnapshotInfo } from '../protocol/messages.js';
import type { Openings } from './openings.js';
import type { Call, Services } from './services.js';
import type { Trees } from './trees.js';

/** What the services of contexts need of the daemon. */
export interface ContextWorld {
  readonly trees: Trees;
  /** The work tree that the caller stands in, and the context, where he stands in one. */
  standing(call: Call, cwd: string): Promise<{ readonly tree: WorkTree; readonly context?: string }>;
  readonly openings: Openings;
  /** Whether a session of a context is being opened or is on its way in. To be asked with the store's lock held. */
  isAwaited(tree: WorkTree, name: string): boolean;
  /** Soon, when nobody waits: frees what was thrown away, and prepares what makes the next fork of the work tree quick. */
  prepare(tree: WorkTree): void;
}

type ContextServices = Pick<
  Services,
  | 'init'
  | 'context/list'
  | 'context/show'
  | 'context/diff'
  | 'context/apply'
  | 'context/rewind'
  | 'context/promote'
  | 'context/limit'
  | 'context/pause'
  | 'context/resume'
  | 'context/stop'
  | 'context/drop'
  | 'snapshot/take'
  | 'snapshot/list'
  | 'archive/list'
  | 'gc'
>;

/** The paths of a request, typed where the caller stands. */
function pathsOf(
  tree: WorkTree,
  { cwd, paths }: { readonly cwd: string; readonly paths: readonly TreePath[] },
): TreePath[] {
  return paths.map((path) => pathFrom(fromText(tree.path), fromText(cwd), path));
}

/** The requests that need no session: each finds the work tree, calls the capability, and puts its answer into a message. */
export function contextServices(world: ContextWorld): ContextServices {
  const context = async (call: Call, params: { readonly cwd: string; readonly context: string }) => {
    const { tree } = await world.standing(call, params.cwd);
    return { tree, record: await tree.store.context(params.context) };
  };
  type Named = Parameters<typeof context>[1];
  type Work<T> = (tree: WorkTree, record: ContextRecord) => Promise<T>;
  /** Changes a context, one work at a time on its store, upon its record as it is when its turn has come. */
  const changing = async <T>(call: Call, params: Named, work: Work<T>): Promise<T> => {
    const { tree } = await world.standing(call, params.cwd);
    const done = await tree.exclusively(async () => work(tree, await tree.store.context(params.context)));
    world.prepare(tree);
    return done;
  };
  /** Reads a context while others may change it: where it vanishes meanwhile, that is the answer. */
  const reading = async <T>(call: Call, params: Named, work: Work<T>): Promise<T> => {
    const { tree, record } = await context(call, params);
    try {
      return await work(tree, record);
    } catch (error) {
      if (!(error instanceof MizerError)) await tree.store.context(record.name);
      throw error;
    }
  };
  return {
    async init({ directory }) {
      const place = await placeForPlain(realpathSync(directory));
      // Opened once so that it exists; the next request finds and keeps it.
      if (!existsSync(join(place.directory, 'store.json'))) (await Store.open(place)).close();
      return { workTree: place.workTree, store: place.directory, git: false };
    },

    async 'context/list'({ cwd, all }, call) {
      const { tree, context: current } = await world.standing(call, cwd);
      const inhabitants = await tree.mounts.inhabitants(tree.store.id);
      const contexts: ContextInfo[] = [];
      const { records, hurt } = await tree.store.contexts();
      for (const record of records) {
        if (all || !record.hidden || record.name === current)
          contexts.push(await infoOf(tree, record, inhabitants.get(record.name) ?? [], current));
      }
      return { contexts, notes: hurt.map(inOneLine) };
    },

    'context/show': (params, call) =>
      reading(call, params, async (tree, record) => {
        const { context: current } = await world.standing(call, params.cwd);
        const running = (await tree.mounts.inhabitants(tree.store.id)).get(record.name) ?? [];
        const { records: snapshots } = await tree.store.snapshots();
        const lineage = record.base === undefined ? [] : await tree.store.lineage(record.base);
        return {
          ...(await infoOf(tree, record, running, current)),
          workTree: tree.path,
          mountPoint: tree.mounts.mountPoint(keyOf(tree, record.name)),
          upper: upperOf(record),
          lineage: lineage.map(({ id }) => id),
          snapshots: snapshots.filter(({ of }) => of === record.name).map(toSnapshotInfo),
          running: running.map(({ pid, command }) => ({ pid, command })),
          share: record.share,
          limits: record.limits,
          changes: upperChanges(await layersOf(tree, record), upperOf(record)).length,
          ...(record.command === undefined ? {} : { command: record.command }),
        };
      }),

    'context/diff': (params, call) =>
      reading(call, params, async (tree, record) => {
        const { changes, lines, patch } = await diff({
          layers: await layersOf(tree, record),
          upper: upperOf(record),
          paths: pathsOf(tree, params),
          patch: params.patch,
          ...(params.ignored ? {} : { ignored: ignoredIn(tree, record) }),
        });
        return { changes, lines, ...(patch === undefined ? {} : { patch: patch.toString('base64') }) };
      }),

    'context/apply': (params, call) =>
      changing(call, params, async (tree, record) => {
        const { into, dryRun, merge, ignored } = params;
        return applyContext(tree, record, {
          paths: pathsOf(tree, params),
          into: into === undefined ? undefined : await tree.store.context(into),
          dryRun,
          merge,
          ignored,
        });
      }),

    'context/rewind': (params, call) =>
      changing(call, params, async (tree, record) => {
        await refuseInUse(world, tree, record.name, 'rewound');
        return { before: toSnapshotInfo(await rewind(tree, record, params.snapshot)) };
      }),

    'context/promote': (params, call) =>
      changing(call, params, async (tree, record) => {
        const newest = await tree.host.take({ touched: await tree.touched(), info: await hostInfo(tree), kept: false });
        return toSnapshotInfo(await promote(tree, record, newest));
      }),

    'context/limit': (params, call) =>
      changing(call, params, async (tree, record) => {
        const lifted = params.lifted.map((name) => [name, Number.POSITIVE_INFINITY]);
        await limit(tree, record, { ...params.limits, ...Object.fromEntries(lifted) });
        return {};
      }),

    async 'context/pause'(params, call) {
      const { tree, record } = await context(call, params);
      return { processes: await freeze(tree, record) };
    },

    async 'context/resume'(params, call) {
      const { tree, record } = await context(call, params);
      return { processes: await thaw(tree, record) };
    },

    async 'context/stop'(params, call) {
      const { tree, record } = await context(call, params);
      return { processes: await end(tree, record) };
    },

    async 'context/drop'({ cwd, contexts, force }, call) {
      const { tree } = await world.standing(call, cwd);
      const found = await Promise.all([...new Set(contexts)].map((name) => contextToDrop(tree, name, force)));
      if (force) for (const { record } of found) if (record !== undefined) await endForDrop(world, tree, record, call);
      const archived = await tree.exclusively(async () => {
        // All are looked at before the first goes. A run whose command was just ended takes its context away itself.
        const permitted: Dropping[] = [];
        for (const { name, record, snapshot } of found) {
          if (record !== undefined && !tree.store.hasContext(name)) continue;
          if (snapshot === undefined) await refuseInUse(world, tree, name, 'dropped');
          if (record === undefined) permitted.push(snapshot === undefined ? { name } : { name, snapshot });
          else {
            const now = await tree.store.context(name);
            permitted.push({ name, record: now, isEmpty: await permitDrop(tree, now, force) });
          }
        }
        const saved: string[] = [];
        for (const one of permitted) {
          const archive = await dropOne(tree, one);
          if (archive !== undefined) saved.push(archive);
        }
        return saved;
      });
      for (const { record } of found) if (record !== undefined) await forgetGroup(tree, record);
      world.prepare(tree);
      return { dropped: found.map(({ name }) => name), archived };
    },

    async 'snapshot/take'({ cwd, of }, call) {
      const { tree } = await world.standing(call, cwd);
      return tree.exclusively(async () => {
        if (of !== undefined) return toSnapshotInfo(await snapshotContext(tree, await tree.store.context(of)));
        const onProgress = ({ done, total }: { done: number; total: number }): void =>
          call.progress({ phase: 'copying', done, total });
        const taken = await tree.host.take({
          touched: await tree.touched(),
          info: await hostInfo(tree),
          kept: true,
          onProgress,
        });
        await keepForGit(tree, taken);
        return toSnapshotInfo(taken);
      });
    },

    async 'snapshot/list'({ cwd }, call) {
      const { tree } = await world.standing(call, cwd);
      const { records, hurt } = await tree.store.snapshots();
      return { snapshots: records.map(toSnapshotInfo), notes: hurt.map(inOneLine) };
    },

    async 'archive/list'({ cwd }, call) {
      const { tree } = await world.standing(call, cwd);
      const archives = await listArchives({ cwd: repositoryOf(tree, 'an archive').workTree });
      return { archives: archives.map(({ name, oid, at }) => ({ name, commit: oid, createdAt: at })) };
    },

    async gc({ cwd }, call) {
      const { tree } = await world.standing(call, cwd);
      const collected = await tree.exclusively(() => collect(tree, (name) => world.isAwaited(tree, name), Date.now()));
      await tree.store.emptyTrash();
      return collected;
    },
  };
}

async function infoOf(
  tree: WorkTree,
  record: ContextRecord,
  inhabitants: readonly Inhabitant[],
  current: string | undefined,
): Promise<ContextInfo> {
  const { branch, head, bytes } = await contextState(tree, record);
  return {
    name: record.name,
    hidden: record.hidden,
    live: record.live,
    createdAt: record.createdAt,
    bytes,
    sessions: new Set(inhabitants.map(({ namespace }) => namespace)).size,
    processes: inhabitants.length,
    paused: inhabitants.length > 0 && isFrozen(tree, record),
    current: record.name === current,
    ...(branch === undefined ? {} : { branch }),
    ...(head === undefined ? {} : { head }),
    ...(record.base === undefined ? {} : { base: record.base }),
  };
}

export function toSnapshotInfo(record: SnapshotRecord): SnapshotInfo {
  const { id, of, below, createdAt, entries, bytes, head, promoted } = record;
  return {
    id,
    createdAt,
    entries,
    bytes,
    promoted,
    ...(of === undefined ? {} : { of }),
    ...(below === undefined ? {} : { below }),
    ...(head === undefined ? {} : { head }),
  };
}

async function hostInfo(tree: WorkTree): Promise<{ readonly head?: string; readonly branch?: string }> {
  if (tree.repository === undefined) return {};
  const { oid, branch } = await headOf(tree.repository);
  return { ...(oid === undefined ? {} : { head: oid }), ...(branch === undefined ? {} : { branch }) };
}

interface Dropping {
  readonly name: string;
  /** None of one that is hurt, which is taken away as it is. */
  readonly record?: ContextRecord;
  /** A snapshot is no longer kept by that, and goes as soon as nothing stands on it. */
  readonly snapshot?: SnapshotRecord;
  readonly isEmpty?: boolean;
}

async function contextToDrop(tree: WorkTree, name: string, force: boolean): Promise<Dropping> {
  try {
    const record = await tree.store.context(name);
    if (force) await refuseHurt(tree, record);
    return { name, record };
  } catch (error) {
    if (force && error instanceof MizerError && error.code === 'E_CONTEXT_HURT') return { name };
    if (!tree.store.snapshotIds().includes(name)) throw error;
    const snapshot = await tree.store.snapshot(name);
    if (!snapshot.kept) throw error;
    if (force) return { name, snapshot };
    throw new MizerError('E_SNAPSHOT_KEPT', `Snapshot ${name} was asked for, and what it holds may be nowhere else.`, {
      hint: `Drop it all the same: \`mzr drop --force ${name}\`.`,
      data: { snapshot: name },
    });
  }
}

/** @returns the archive's name, where there was something to archive */
async function dropOne(
  tree: WorkTree,
  { name, record, snapshot, isEmpty = false }: Dropping,
): Promise<string | undefined> {
  if (record !== undefined) return drop(tree, record, isEmpty);
  if (snapshot === undefined) await dropHurt(tree, name);
  else await tree.store.writeSnapshot({ ...snapshot, kept: false });
  return undefined;
}

function inOneLine({ message, hint = '' }: MizerError): string {
  return `${message} ${hint}`.trim();
}

/** Ends whoever is in a context, the one who asks excepted: he is told to leave. Waits for clients that await a command there. */
async function endForDrop(world: ContextWorld, tree: WorkTree, record: ContextRecord, call: Call): Promise<void> {
  const inside = (await tree.mounts.inhabitants(tree.store.id)).get(record.name) ?? [];
  if (inside.some(({ pid }) => pid === call.caller.pid))
    await refuseInhabited(tree, record.name, 'dropped from within');
  if (inside.length > 0) await end(tree, record);
  for (let waited = 0; waited < 2000 && world.isAwaited(tree, record.name); waited += 50) await pause(50);
}

/** Refuses while somebody is in a context or on the way in. @throws MizerError `E_CONTEXT_IN_USE` */
async function refuseInUse(world: ContextWorld, tree: WorkTree, name: string, what: string): Promise<void> {
  await refuseInhabited(tree, name, what);
  if (!world.isAwaited(tree, name)) return;
  throw new MizerError('E_CONTEXT_IN_USE', `A session is being opened in context '${name}'.`, {
    hint: 'Try again in a moment.',
  });
}
