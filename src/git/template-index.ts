import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TreePath } from '../model/tree-path.js';
import { nulTerminated } from './fsmonitor.js';
import { type FileStat, type IndexFile, meaningOf, parseIndex, relocateUntrackedCache, restat } from './index-file.js';
import type { Repository } from './repository.js';
import { git } from './run.js';

export interface TemplateOptions {
  readonly repository: Pick<Repository, 'workTree' | 'gitDir' | 'objectFormat'>;
  /** Where the template goes: a directory that does not exist. Contexts hard-link its files. */
  readonly template: string;
  /** The snapshot's tree, seen as contexts see it: an overlay of its layers, or the one layer itself. */
  readonly tree: string;
  /** Programs that bring git to where `tree` is seen. */
  readonly through?: readonly string[];
  /** The files of the host view when the snapshot was made. */
  readonly host: (path: TreePath) => FileStat | undefined;
  /** The files of the snapshot as seen at `tree`. */
  readonly layer: (path: TreePath) => FileStat | undefined;
  /**
   * Whether git runs in `tree` to fill the caches, which takes a few times as long as the rest and spares each context's first status just
   * that. Without it the index can be used at once.
   */
  readonly fill: boolean;
}

/** A monitor that reports no change: git looks at all there is once and then writes down what it found. */
const quietMonitor = 'printf "mizer\\0" #';

/**
 * Makes an index right for a snapshot, so that the first `git status` in a context of it compares nothing: the host's index, its entries
 * describing the snapshot's files, with the caches that a status in the snapshot fills in. Files in `template`: `index`; `present`, its
 * entries that are in the snapshot; `source`, which host index it was made from.
 * Answers `false` without a host index.
 */
export async function makeTemplate(options: TemplateOptions): Promise<boolean> {
  const { repository, template } = options;
  const aside = `${template}.new`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  const index = path.join(aside, 'index');
  const source = await readHostIndex(repository, index);
  if (source === undefined) {
    rmSync(aside, { recursive: true });
    return false;
  }
  const { indexMtimeNs } = source;
  const result = restat(parseIndex(source.bytes, repository.objectFormat), { ...options, indexMtimeNs });
  writeFileSync(index, result.bytes);
  if (options.fill) await fillCaches(options, index);
  // An entry that git had to look into it writes down right, but vouches for it only when it finds it so again.
  if (options.fill && result.clean < result.present.length) await fillCaches(options, index);
  const filled = parseIndex(readFileSync(index), repository.objectFormat);
  const bytes = relocateUntrackedCache(filled, repository.workTree);
  writeFileSync(index, bytes);
  writeFileSync(path.join(aside, 'present'), nulTerminated(result.present));
  const origin = parseIndex(source.bytes, repository.objectFormat);
  writeFileSync(path.join(aside, 'source'), `${endOf(source.original)} ${meaningOf(origin)}\n`);
  renameSync(aside, template);
  return true;
}

function endOf(index: Buffer): string {
  return index.toString('hex', index.length - 20);
}

/**
 * Whether a template still says what the host's index says; what either remembers of files on disk does not matter. An index that is
 * unchanged to the byte is not looked into.
 */
export function templateServes(template: string, repository: TemplateOptions['repository']): boolean {
  const source = path.join(template, 'source');
  const file = path.join(repository.gitDir, 'index');
  if (!existsSync(source) || !existsSync(file)) return false;
  const [end = '', meaning] = readFileSync(source, 'utf8').trim().split(' ');
  const bytes = readFileSync(file);
  // A hash that git was told to leave out (zeros) tells nothing.
  if (end === endOf(bytes) && /[^0]/.test(end)) return true;
  const index = parseIndex(bytes, repository.objectFormat);
  return !isSplit(index) && meaningOf(index) === meaning;
}

function isSplit(index: IndexFile): boolean {
  return index.extensions.some(({ signature }) => signature === 'link');
}

interface HostIndex {
  readonly original: Buffer;
  /** Whole, where the original is split. */
  readonly bytes: Buffer;
  readonly indexMtimeNs: bigint;
}

/** The host's index; one that is split over two files is joined at `scratch` first. */
async function readHostIndex(
  repository: TemplateOptions['repository'],
  scratch: string,
): Promise<HostIndex | undefined> {
  const file = path.join(repository.gitDir, 'index');
  // The time is taken first: an index replaced in between only makes more entries look young.
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const bytes = readFileSync(file);
  const found = { original: bytes, bytes, indexMtimeNs: stat.mtimeNs };
  if (!isSplit(parseIndex(bytes, repository.objectFormat))) return found;
  writeFileSync(scratch, bytes);
  const environment = { GIT_INDEX_FILE: scratch };
  await git(['-c', 'core.splitIndex=false', 'update-index', '--no-split-index'], {
    cwd: repository.workTree,
    environment,
  });
  return { ...found, bytes: readFileSync(scratch) };
}

async function fillCaches(options: TemplateOptions, index: string): Promise<void> {
  const { repository, tree, through = [] } = options;
  const monitor = [
    '-c',
    `core.fsmonitor=${quietMonitor}`,
    '-c',
    'core.fsmonitorHookVersion=2',
    '-c',
    'core.untrackedCache=true',
  ];
  const written = ['-c', 'index.skipHash=false', '-c', 'core.splitIndex=false'];
  const place = [`--git-dir=${repository.gitDir}`, `--work-tree=${tree}`];
  await git([...place, ...monitor, ...written, 'status', '--porcelain'], {
    cwd: tree,
    mayWrite: true,
    through,
    environment: { GIT_INDEX_FILE: index },
    asInSession: true,
  });
}
