import { mkdtemp, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../disk/tree-location.js';
import { git, type GitOptions } from '../git/run.js';
import type { ChangeSet } from '../model/change-set.js';
import { MizerError } from '../model/errors.js';
import { toDisplay, type TreePath } from '../model/tree-path.js';
import { selectChanges, type Selection } from './selection.js';
import { unreadable, type Located } from './tree-files.js';
import { unreadChanges, type UpperChange } from './upper-changes.js';

export interface DiffRequest extends Selection {
  /** The layers that the context stands on, topmost first, and its upper directory; all absolute. */
  readonly layers: readonly string[];
  readonly upper: string;
  /** The patch too. */
  readonly patch: boolean;
}

export interface LineCount {
  readonly added: number;
  readonly deleted: number;
}

export interface ContextDiff {
  readonly changes: ChangeSet;
  /** By the order of `changes`; `null` for what has no lines: directories, binary files, files above 64 MiB
   * or that may not be read. A link is one line. */
  readonly lines: readonly (LineCount | null)[];
  /** What `git apply` takes, binary files included. Directories and permission bits other than the owner's x are not in it. */
  readonly patch?: Buffer;
}

/** Files above this size have no lines. */
const largestText = 64 * 1024 * 1024;
const largestInPatch = 256 * 1024 * 1024;
/** What is handed to git, and held in memory, at once. */
const batchBytes = 64 * 1024 * 1024;
/** git takes a file with a NUL so early for a binary one. */
const binaryWindow = 8000;

/** A side of a change as git stores it. */
interface Blob {
  readonly mode: '100644' | '100755' | '120000';
  readonly content: Buffer;
}
interface FileChange {
  readonly path: TreePath;
  readonly before: Blob | undefined;
  readonly after: Blob | undefined;
}

/**
 * What a context changed since its base.
 * @throws MizerError `E_PATCH_TOO_LARGE` when a patch is asked for and a file of it is above 256 MiB, `E_UNREADABLE` when one may not be read
 */
export async function diff(request: DiffRequest): Promise<ContextDiff> {
  const selected = await selectChanges(unreadChanges(request.layers, request.upper), request);
  const counts = new Map<TreePath, LineCount>();
  const patches: Buffer[] = [];
  for await (const batch of batches(selected, request.patch)) {
    const patch = await compare(batch, counts, request.patch);
    if (patch !== undefined) patches.push(patch);
  }
  const changes = selected.map(({ change }) => change);
  const lines = changes.map(({ path, kind, after }) => {
    const unchanged = kind === 'mode' && after?.kind === 'file' ? { added: 0, deleted: 0 } : null;
    return counts.get(path) ?? unchanged;
  });
  return request.patch ? { changes, lines, patch: Buffer.concat(patches) } : { changes, lines };
}

async function* batches(
  selected: readonly UpperChange[],
  patch: boolean,
): AsyncGenerator<FileChange[], void, undefined> {
  let batch: FileChange[] = [];
  let bytes = 0;
  for (const one of selected) {
    const read = await readSides(one, patch);
    if (read === undefined) continue;
    batch.push(read);
    bytes += (read.before?.content.length ?? 0) + (read.after?.content.length ?? 0);
    if (bytes < batchBytes) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** Both sides, as far as they are files or links; `undefined` when git has nothing to say about them. */
async function readSides({ change, before, after }: UpperChange, patch: boolean): Promise<FileChange | undefined> {
  const { path } = change;
  if (!patch && change.kind === 'mode') return undefined;
  for (const side of [before, after]) {
    const size = side?.entry.kind === 'file' ? side.entry.size : 0;
    if (patch && size > largestInPatch) throw tooLarge(path);
    if (!patch && size > largestText) return undefined;
  }
  const read = await readBlobs(path, before, after, patch);
  if (read?.before === undefined && read?.after === undefined) return undefined;
  return !patch && (isBinary(read.before) || isBinary(read.after)) ? undefined : read;
}

async function readBlobs(
  path: TreePath,
  before: Located | undefined,
  after: Located | undefined,
  patch: boolean,
): Promise<FileChange | undefined> {
  try {
    return { path, before: await readBlob(before), after: await readBlob(after) };
  } catch (cause) {
    if (!patch) return undefined;
    throw unreadable(path, cause);
  }
}

async function readBlob(side: Located | undefined): Promise<Blob | undefined> {
  try {
    if (side?.entry.kind === 'symlink') return { mode: '120000', content: await readlink(side.at, 'buffer') };
    if (side?.entry.kind !== 'file') return undefined;
    return { mode: (side.entry.mode & 0o100) === 0 ? '100644' : '100755', content: await readFile(side.at) };
  } catch (error) {
    // Deleted since the look: the context is in use.
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isBinary(blob: Blob | undefined): boolean {
  return blob?.content.subarray(0, binaryWindow).includes(0) === true;
}

function tooLarge(path: TreePath): MizerError {
  return new MizerError('E_PATCH_TOO_LARGE', `${toDisplay(path)} is too large for a patch.`, {
    hint: 'Name the paths that the patch is to hold, or ask for `--stat` instead.',
    data: { path },
  });
}

/** Puts both sides into a repository of their own, thrown away afterwards, and lets git compare them there. */
async function compare(
  batch: readonly FileChange[],
  counts: Map<TreePath, LineCount>,
  patch: boolean,
): Promise<Buffer | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'mizer-diff-'));
  try {
    // Neither the user's settings nor attributes have a say: the patch is to be the same for everyone.
    const environment = { GIT_DIR: directory, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    const options: GitOptions = { cwd: directory, environment };
    await git(['init', '--quiet', '--bare', '--template=', directory], options);
    await git(['fast-import', '--quiet'], { ...options, input: importOf(batch) });
    const twoTrees = ['-r', '--no-renames', 'refs/before', 'refs/after'];
    const numbers = await git(['diff-tree', '-z', '--numstat', ...twoTrees], options);
    for (const line of numbers.stdout.toString('latin1').split('\0')) {
      const [, added, deleted, path] = /^(\d+)\t(\d+)\t([^]*)$/.exec(line) ?? [];
      if (path !== undefined) counts.set(path, { added: Number(added), deleted: Number(deleted) });
    }
    if (!patch) return undefined;
    return (await git(['diff-tree', '--patch', '--binary', '--full-index', ...twoTrees], options)).stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Two commits, in the language of git-fast-import(1). */
function importOf(batch: readonly FileChange[]): Buffer {
  const parts: Buffer[] = [];
  for (const side of ['before', 'after'] as const) {
    parts.push(Buffer.from(`commit refs/${side}\ncommitter mizer <mizer> 0 +0000\ndata 0\n`));
    for (const change of batch) {
      const blob = change[side];
      if (blob === undefined) continue;
      const header = `M ${blob.mode} inline ${quoted(change.path)}\ndata ${blob.content.length}\n`;
      parts.push(Buffer.from(header), blob.content, Buffer.from('\n'));
    }
  }
  return Buffer.concat(parts);
}

function quoted(path: TreePath): string {
  const escaped = path.replace(/[^ !#-[\]-~]/g, (unit) => `\\${unit.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `"${escaped}"`;
}
