import { copyFileSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { MizerError } from '../model/errors.js';
import { identity } from './identity.js';
import { git, gitText } from './run.js';
import { changesAgainstHead, type GitPlace, type WorkTreeChanges } from './status.js';

const archiveRefs = 'refs/mizer/archive/';

export interface ArchiveOptions extends GitPlace {
  /** The context's admin directory on the host side. */
  readonly admin: string;
  /** The context's name. */
  readonly name: string;
}

export interface Archive {
  /** The context's name, with a number added where an earlier archive has it. */
  readonly name: string;
  readonly ref: string;
  /** The commit that holds all files as they were, tracked and untracked. */
  readonly oid: string;
  /** The commit HEAD was at; absent in a repository without commits. */
  readonly head?: string;
  /** A commit that holds the index, where it was neither HEAD's tree nor the files. */
  readonly staged?: string;
  /** The branch that was checked out. */
  readonly branch?: string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * Saves what would be lost with a context: its files, tracked and untracked, as a commit upon its HEAD, as a stash is one, under a ref that
 * keeps it. Answers `undefined` when nothing would be lost. Ignored files are not part of it. Submodules are work trees of their own,
 * to be archived each.
 * @throws MizerError `E_ARCHIVE_NESTED` when an untracked repository lies inside, whose history a commit cannot hold
 */
export async function archive(options: ArchiveOptions): Promise<Archive | undefined> {
  const changes = await changesAgainstHead(options);
  if (changes.nested.length > 0) throw nestedInside(options.name, changes.nested);
  if (!wouldLose(changes)) return undefined;
  const gitDir = await gitText(['rev-parse', '--absolute-git-dir'], options);
  const scratch = `mizer-archive-${process.pid}`;
  const kept = path.join(options.admin, scratch);
  try {
    const index = path.join(options.admin, 'index');
    if (existsSync(index)) copyFileSync(index, kept);
    return await commitAll({
      ...options,
      environment: { ...options.environment, GIT_INDEX_FILE: `${gitDir}/${scratch}` },
    });
  } finally {
    rmSync(kept, { force: true });
    rmSync(`${kept}.lock`, { force: true });
  }
}

function wouldLose(changes: WorkTreeChanges): boolean {
  return changes.tracked + changes.untracked + changes.unmerged + changes.unreachable > 0;
}

function nestedInside(name: string, nested: readonly string[]): MizerError {
  return new MizerError('E_ARCHIVE_NESTED', `Context ${name} holds repositories of its own: ${nested.join(', ')}.`, {
    hint: 'Push or move them elsewhere, then drop the context again.',
    data: { nested },
  });
}

async function commitAll(place: GitPlace & { readonly name: string }): Promise<Archive> {
  const head = (await gitText(['rev-parse', '-q', '--verify', 'HEAD'], { ...place, answers: [1] })) || undefined;
  const ref = await gitText(['symbolic-ref', '-q', 'HEAD'], { ...place, answers: [1] });
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined;
  // Conflicts have no tree; what they were made of is in the commits.
  const staged = await git(['write-tree'], { ...place, answers: [128] });
  await git(['add', '--all', '--', '.'], { ...place, mayWrite: true });
  const tree = await gitText(['write-tree'], place);
  const headTree = head === undefined ? undefined : await gitText(['rev-parse', `${head}^{tree}`], place);
  const stagedTree = staged.status === 0 ? staged.stdout.toString('utf8').trim() : undefined;
  const isApart = stagedTree !== undefined && stagedTree !== headTree && stagedTree !== tree;
  const identified = { ...place, environment: { ...place.environment, ...(await identity(place)) } };
  const parents = head === undefined ? [] : [head];
  const index = isApart ? await commit(identified, stagedTree, parents, `mizer: index of ${place.name}`) : undefined;
  const lines = [`mizer: archive of context ${place.name}`, '', `Mizer-Context: ${place.name}`];
  if (head !== undefined) lines.push(`Mizer-Head: ${head}`);
  if (index !== undefined) lines.push(`Mizer-Index: ${index}`);
  if (branch !== undefined) lines.push(`Mizer-Branch: ${branch}`);
  const oid = await commit(identified, tree, index === undefined ? parents : [...parents, index], lines.join('\n'));
  const name = await keep(place, oid);
  const found = (await listArchives(place)).find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new MizerError('E_ARCHIVE_GONE', `The archive of context ${name} vanished while it was made.`, {
    hint: 'Something else deletes refs below refs/mizer/archive; try again.',
    group: 'failed',
  });
}

function commit(place: GitPlace, tree: string, parents: readonly string[], message: string): Promise<string> {
  return gitText(['commit-tree', tree, ...parents.flatMap((one) => ['-p', one])], { ...place, input: `${message}\n` });
}

/** Gives the commit a ref that does not exist yet: git itself sees to it that none is overwritten. */
async function keep(place: GitPlace & { readonly name: string }, oid: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? place.name : `${place.name}-${number}`;
    const ref = archiveRefs + name;
    const taken = await git(['show-ref', '--verify', '--quiet', ref], { ...place, answers: [1] });
    if (taken.status === 0) continue;
    await git(['update-ref', '-m', 'mizer: archived', ref, oid, '0'.repeat(oid.length)], place);
    return name;
  }
}

const separator = '%1f';
const fields = ['%(refname)', '%(objectname)', '%(committerdate:iso-strict)', '%(trailers:only,unfold)'];

/** The archives of a repository, by name. */
export async function listArchives(place: GitPlace): Promise<readonly Archive[]> {
  const format = `--format=${fields.join(separator)}%00`;
  const listing = await gitText(['for-each-ref', format, archiveRefs], place);
  const records = listing.split('\0').map((record) => record.replace(/^\n/, ''));
  return records.filter((record) => record !== '').map(parseArchive);
}

function parseArchive(record: string): Archive {
  const [ref = '', oid = '', at = '', trailers = ''] = record.split('\u001f');
  const trailer = (key: string): string | undefined => new RegExp(`^${key}: (.*)$`, 'm').exec(trailers)?.[1];
  const [head, staged, branch] = [trailer('Mizer-Head'), trailer('Mizer-Index'), trailer('Mizer-Branch')];
  return {
    name: ref.slice(archiveRefs.length),
    ref,
    oid,
    at,
    ...(head === undefined ? {} : { head }),
    ...(staged === undefined ? {} : { staged }),
    ...(branch === undefined ? {} : { branch }),
  };
}

/**
 * Puts an archive's files and index into a context whose HEAD is at the archive's `head`. HEAD is left alone, so that afterwards `git
 * status` says there what it said when the context was archived. Untracked files in the way are overwritten.
 */
export async function restoreArchive(place: GitPlace, archived: Archive): Promise<void> {
  const writing = { ...place, mayWrite: true };
  await git(['read-tree', '--reset', '-u', archived.oid], writing);
  const index = archived.staged ?? archived.head;
  await git(index === undefined ? ['read-tree', '--empty'] : ['read-tree', index], writing);
  await git(['update-index', '-q', '--refresh'], { ...writing, answers: [1] });
}

/** Forgets an archive, if it still is the one that is meant. git collects its objects in its own time. */
export async function deleteArchive(place: GitPlace, archived: Pick<Archive, 'ref' | 'oid'>): Promise<void> {
  await git(['update-ref', '-d', archived.ref, archived.oid], place);
}
