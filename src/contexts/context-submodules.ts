import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { adminDirectory, unregister } from '../git/linked-worktree.js';
import type { Repository } from '../git/repository.js';
import { listSubmodules, registerSubmodule, secondPathOfSubmodule, type Submodule } from '../git/submodules.js';
import { toText, type TreePath } from '../model/tree-path.js';
import type { ContextRecord } from './records.js';
import { keyOf, upperOf, type WorkTree } from './work-tree.js';

/** A submodule that a context has as a linked work tree of that submodule's own repository. */
export interface ContextSubmodule {
  readonly path: TreePath;
  readonly commonDir: string;
}

/**
 * Registers a context's submodules, each with its own repository, on the HEAD and index they have in the context `from`, in the host view
 * without one. Answers what `ContextRecord.submodules` keeps.
 */
export async function registerSubmodules(
  tree: WorkTree,
  repository: Repository,
  record: ContextRecord,
  from: string | undefined,
): Promise<ContextSubmodule[]> {
  if (!existsSync(join(tree.path, '.gitmodules'))) return [];
  const registered: ContextSubmodule[] = [];
  for (const submodule of await listSubmodules(repository)) {
    const forked = from === undefined ? undefined : adminDirectory(submodule.commonDir, from);
    await registerSubmodule({
      submodule: forked !== undefined && existsSync(forked) ? { ...submodule, gitDir: forked } : submodule,
      name: record.name,
      mountPoint: tree.mounts.mountPoint(keyOf(tree, record.name)),
      upper: upperOf(record),
      secondPath: secondPathOf(tree, repository, submodule),
    });
    registered.push({ path: submodule.path, commonDir: submodule.commonDir });
  }
  return registered;
}

/** Binds the git directories of submodules that are not inside the repository's own; those the second path shows already. */
export async function bindSubmodules(tree: WorkTree, repository: Repository, record: ContextRecord): Promise<void> {
  for (const submodule of record.submodules) {
    if (secondPathOfSubmodule(submodule, repository.commonDir, '') !== undefined) continue;
    await tree.mounts.bindGitDirectory(ownPlace(tree, submodule), submodulePath(tree, submodule), submodule.commonDir);
  }
}

/** The work trees of a context's submodules in its mount, with their admin directories. */
export function submodulePlaces(
  record: ContextRecord,
  mountPoint: string,
): { readonly cwd: string; readonly admin: string }[] {
  return record.submodules.map(({ path, commonDir }) => ({
    cwd: join(mountPoint, toText(path) ?? path),
    admin: adminDirectory(commonDir, record.name),
  }));
}

export function unregisterSubmodulesOf(record: ContextRecord): void {
  for (const { commonDir } of record.submodules) if (existsSync(commonDir)) unregister(commonDir, record.name);
}

function secondPathOf(tree: WorkTree, repository: Repository, submodule: Submodule): string {
  const outer = tree.mounts.secondPath(tree.store.id, tree.path);
  const inside = secondPathOfSubmodule(submodule, repository.commonDir, outer);
  return inside ?? tree.mounts.secondPath(ownPlace(tree, submodule), submodulePath(tree, submodule));
}

function ownPlace(tree: WorkTree, { path }: Pick<Submodule, 'path'>): string {
  return join(tree.store.id, createHash('sha256').update(path).digest('hex').slice(0, 12));
}

function submodulePath(tree: WorkTree, { path }: Pick<Submodule, 'path'>): string {
  return join(tree.path, toText(path) ?? path);
}
