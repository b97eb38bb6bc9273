import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { identity } from './identity.js';
import { git, gitText } from './run.js';
import type { GitPlace } from './status.js';

const keptRefs = 'refs/mizer/snapshot/';

/** What a snapshot needs of git's objects. */
export interface Needed {
  /** The commit HEAD was at. */
  readonly head?: string;
  /** The index file it has, absolute. */
  readonly index?: string;
}

/**
 * Gives what a snapshot needs a ref, so that `git gc` keeps it: the commit of its HEAD, and upon that a commit of all blobs its index names.
 * @param scratch a path for a copy of the index, in a directory of mizer's own
 */
export async function keepObjects(place: GitPlace, id: string, needed: Needed, scratch: string): Promise<void> {
  const staged =
    needed.index === undefined || !existsSync(needed.index)
      ? undefined
      : await treeOfIndex(place, needed.index, scratch);
  const parents = needed.head === undefined ? [] : ['-p', needed.head];
  const environment = { ...place.environment, ...(await identity(place)) };
  const oid =
    staged === undefined
      ? needed.head
      : await gitText(['commit-tree', staged, ...parents, '-m', `mizer: index of snapshot ${id}`], {
          ...place,
          environment,
        });
  if (oid !== undefined) await git(['update-ref', keptRefs + id, oid], place);
}

/** A tree of everything an index names. What has conflicts has no place in a tree and goes to `.mizer-unmerged/<stage>/`. */
async function treeOfIndex(place: GitPlace, index: string, scratch: string): Promise<string> {
  copyFileSync(index, scratch);
  const there = { ...place, environment: { ...place.environment, GIT_INDEX_FILE: scratch } };
  try {
    const { stdout } = await git(['ls-files', '--unmerged', '-z'], there);
    const moved: string[] = [];
    for (const line of stdout.toString('latin1').split('\0')) {
      const [, mode, oid, stage, path] = /^(\d+) ([0-9a-f]+) (\d)\t(.*)$/s.exec(line) ?? [];
      if (mode === undefined || oid === undefined || stage === undefined || path === undefined) continue;
      moved.push(`0 ${'0'.repeat(oid.length)}\t${path}\0`, `${mode} ${oid}\t.mizer-unmerged/${stage}/${path}\0`);
    }
    if (moved.length > 0) {
      const input = Buffer.from(moved.join(''), 'latin1');
      await git(['update-index', '-z', '--index-info'], { ...there, input, mayWrite: true });
    }
    return await gitText(['write-tree', '--missing-ok'], there);
  } finally {
    rmSync(scratch, { force: true });
    rmSync(`${scratch}.lock`, { force: true });
  }
}

/** The ids of all snapshots whose objects have a ref. */
export async function listKept(place: GitPlace): Promise<string[]> {
  const refs = await gitText(['for-each-ref', '--format=%(refname)', keptRefs], place);
  return refs === '' ? [] : refs.split('\n').map((ref) => ref.slice(keptRefs.length));
}

/** Lets git collect what only this snapshot needed. */
export async function forgetKept(place: GitPlace, id: string): Promise<void> {
  await git(['update-ref', '-d', keptRefs + id], place);
}
