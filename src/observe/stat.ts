import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { removeLeftovers } from '../disk/atomic.js';
import { codeOf } from '../disk/tree-location.js';
import { PackWriter, removeUnfinishedPacks } from '../git/pack-writer.js';
import { toHex } from '../git/oid.js';
import { joinPacks } from '../git/repack.js';
import { requireGit } from '../git/run.js';
import { ObjectReader } from '../git/tree-reader.js';
import { closeDirectory, EntryLook, openDirectory } from '../linux/directory.js';
import { MizerError } from '../model/errors.js';
import { formatRecord, NOGTREE, type RootRecord } from './blob.js';
import { isoSeconds, makeCommit, moveBranch } from './commit.js';
import { DirectoryMemo } from './directory-memo.js';
import { noteErrors } from './error-notes.js';
import { entriesOf, lastState, type LastState } from './last-state.js';
import { keepLastLook, lastLook } from './last-look.js';
import { scan, type ObserveError, type Scanned, type ScanRequest } from './scan.js';
import type { Shadow } from './shadow.js';
import { throwIfAborted, withBranch, type LockOptions } from './shadow-lock.js';
import { fileEntry, sameEntry, treeContent, type ObjectSink } from './stub.js';

export type { ObserveError } from './scan.js';

export interface StatProgress {
  /** Entries looked at so far. */
  readonly entries: number;
  /** How many there were the last time; 0 where that is not known. */
  readonly expected: number;
  readonly phase: 'scan' | 'write';
}

export interface ScanOptions {
  /** Count directories of other file systems without entering them. */
  readonly oneFileSystem?: boolean;
  /** Heed the real tree's own `.gitignore` files as well, which come before the shadow's. */
  readonly respectGitignore?: boolean;
  /** Called some times a second, at the end of the scan, and before what was found is written. */
  readonly onProgress?: (progress: StatProgress) => void;
}

export interface StatOptions extends ScanOptions, LockOptions {
  /** Look even where the directory is immutable and recorded so, and record one that is gone as empty. */
  readonly force?: boolean;
  /**
   * `only`: write nothing but the root's summary. `also` is what happens anyway, since every stat looks at all there is; it stands for
   * the original's option.
   */
  readonly mtimeRange?: 'also' | 'only';
}

export interface StatResult {
  /** The commit made; absent when nothing changed. */
  readonly commit?: string;
  readonly unchanged: boolean;
  /** The directory is immutable, and was recorded so: nothing was looked at. */
  readonly immutable: boolean;
  /** Entries of the real tree that were looked at, the root included. */
  readonly entries: number;
  readonly errors: readonly ObserveError[];
}

/**
 * Brings `master-stat` up to date. The branch moves once, at the end; whatever happens before leaves it as it was. What cannot be read
 * keeps its last record and is listed, also in a git note on the commit.
 * @throws MizerError `E_SHADOW_BUSY`, `E_SHADOW_HURT`, `E_REALDIR_GONE`, `E_REALDIR_CLOSED`, `E_INTERRUPTED`, `E_BRANCH_MOVED`,
 *   `E_DISK_FULL`, `E_WRITE_FAILED`, `E_GIT`
 */
export async function stat(shadow: Shadow, options: StatOptions = {}): Promise<StatResult> {
  await requireGit();
  return withBranch(shadow, 'stat', options, async () => {
    removeUnfinishedPacks(shadow.gitDir);
    await removeLeftovers(join(shadow.gitDir, 'fso'));
    const began = new Date().toISOString();
    const reader = ObjectReader.open(shadow.gitDir);
    const writer = new PackWriter(shadow.gitDir);
    try {
      const result = await update(shadow, options, await lastState(shadow, reader), writer);
      if (options.mtimeRange !== 'only') await keepTrue(shadow, began, result);
      return result;
    } finally {
      writer.abandon();
      reader.close();
    }
  });
}

/** What a status says of the shadow repository. An immutable directory is as it was when it was looked at. */
async function keepTrue({ gitDir }: Shadow, trueAt: string, { immutable, entries, errors }: StatResult): Promise<void> {
  const seen = { entries, unread: errors.length };
  await keepLastLook(gitDir, { ...seen, ...(immutable ? await lastLook(gitDir) : {}), trueAt });
}

async function update(shadow: Shadow, options: StatOptions, last: LastState, writer: PackWriter): Promise<StatResult> {
  if (options.force !== true && isSettled(shadow, last)) {
    return { unchanged: true, immutable: true, entries: 0, errors: [] };
  }
  const onlyRange = options.mtimeRange === 'only';
  const memo = onlyRange ? undefined : new DirectoryMemo(shadow.gitDir, (tree) => writer.has(tree));
  const scanned = await look(shadow, options, last, writer, {
    onlyCount: onlyRange,
    ...(memo === undefined ? {} : { memo }),
  });
  const tree = toHex(writer.tree(await rootContent(scanned, last, writer, options)));
  const { errors = [], looked = 0 } = scanned ?? {};
  const result = { immutable: false, entries: looked, errors };
  if (tree === last.tree) return { ...result, unchanged: true };
  throwIfAborted(options.signal);
  options.onProgress?.({ entries: looked, expected: looked, phase: 'write' });
  await writer.finish();
  throwIfAborted(options.signal);
  const message = `stat ${isoSeconds()}${onlyRange ? ': mtime range' : ''}`;
  const commit = await makeCommit(shadow.gitDir, tree, [last.commit], message);
  await noteErrors(shadow, commit, errors);
  await moveBranch(shadow.gitDir, 'master-stat', commit, last.commit, message);
  // It is recorded. What only saves work later may fail, on a full disk, and is tried again by the next stat.
  await Promise.allSettled([memo?.save(), joinPacks(shadow.gitDir)]);
  return { ...result, unchanged: false, commit };
}

/** An immutable directory that is recorded as one, there or gone, has nothing new to tell. */
function isSettled(shadow: Shadow, last: LastState): boolean {
  if (last.root?.attrs !== 'i') return false;
  if (!existsSync(shadow.realDirectory)) return true;
  const look = new EntryLook();
  const descriptor = openRoot(shadow);
  try {
    return look.of(descriptor) === 0 && look.immutable;
  } finally {
    closeDirectory(descriptor);
  }
}

function openRoot(shadow: Shadow): number {
  try {
    return openDirectory(shadow.realDirectory);
  } catch (error) {
    throw closed(shadow, error);
  }
}

/** Looks at the real directory. @returns `undefined` where it is gone and `force` says to go on */
export async function look(
  shadow: Shadow,
  options: ScanOptions & { readonly force?: boolean; readonly signal?: AbortSignal },
  last: LastState,
  sink: ObjectSink,
  { onlyCount = false, ...more }: { readonly onlyCount?: boolean } & Pick<ScanRequest, 'memo' | 'onDirectory'> = {},
): Promise<Scanned | undefined> {
  if (!existsSync(shadow.realDirectory)) {
    if (options.force === true) return undefined;
    throw new MizerError('E_REALDIR_GONE', `${shadow.realDirectory} is not there.`, {
      hint: 'Is its file system mounted? To record that everything in it is gone, add --force.',
      data: { path: shadow.realDirectory },
    });
  }
  const expected = entriesOf(last.root);
  closeDirectory(openRoot(shadow));
  return scan({
    root: shadow.realDirectory,
    rules: onlyCount ? undefined : last.rules,
    rollup: shadow.rollup,
    sink,
    last: last.records,
    oneFileSystem: options.oneFileSystem ?? false,
    respectGitignore: options.respectGitignore ?? false,
    ...more,
    onTurn: async (entries) => {
      options.onProgress?.({ entries, expected, phase: 'scan' });
      await setImmediate();
      throwIfAborted(options.signal);
    },
  });
}

/** The content of the root's tree. */
async function rootContent(
  scanned: Scanned | undefined,
  last: LastState,
  writer: PackWriter,
  options: StatOptions,
): Promise<string> {
  const entries =
    options.mtimeRange === 'only' ? await otherEntries(last) : [...(scanned?.entries ?? []), ...last.stub];
  if (scanned !== undefined) entries.push(fileEntry(NOGTREE, writer.blob(formatRecord(rootRecord(scanned, last)))));
  return treeContent(entries);
}

async function otherEntries(last: LastState): Promise<string[]> {
  const entries = [...(await last.records.entries('')).values()];
  return entries.filter(({ name }) => name !== NOGTREE).map(sameEntry);
}

/** Times of what could not be looked at are among those known before. */
export function rootRecord({ root, errors }: Scanned, last: LastState): RootRecord {
  if (errors.length === 0 || last.root === undefined) return root;
  return {
    ...root,
    mtimeMin: Math.min(root.mtimeMin, last.root.mtimeMin),
    mtimeMax: Math.max(root.mtimeMax, last.root.mtimeMax),
  };
}

function closed(shadow: Shadow, cause: unknown): MizerError {
  return new MizerError('E_REALDIR_CLOSED', `${shadow.realDirectory} cannot be read (${codeOf(cause)}).`, {
    group: 'failed',
    hint: 'Run the command as a user who may read the directory.',
    cause,
    data: { path: shadow.realDirectory },
  });
}
