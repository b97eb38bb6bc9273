import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminDirectory, gitFileContent, register, repair, unregister } from '../git/linked-worktree.js';
import { readHead, type Head, type Repository } from '../git/repository.js';
import { git } from '../git/run.js';
import type { ReadyIndex } from './ready-index.js';
import type { ContextRecord } from './records.js';
import { keyOf, upperOf, type WorkTree } from './work-tree.js';

/** HEAD of a context, of the host view when `name` is absent. */
export async function headOf(repository: Repository, name?: string): Promise<Head> {
  if (name === undefined) return readHead(repository);
  return readHead({ ...repository, gitDir: adminDirectory(repository.commonDir, name) });
}

/** The context's own index on the host side. */
export function indexOf(repository: Repository, name: string): string {
  return join(adminDirectory(repository.commonDir, name), 'index');
}

/** Makes a context a linked work tree of its repository, with its own HEAD and index, and puts the `.git` file into its upper directory. */
export function registerContext(
  tree: WorkTree,
  repository: Repository,
  record: ContextRecord,
  head: { readonly oid: string } | { readonly branch: string },
  index: ReadyIndex,
): void {
  register({
    commonDir: repository.commonDir,
    gitDir: repository.gitDir,
    name: record.name,
    mountPoint: tree.mounts.mountPoint(keyOf(tree, record.name)),
    head,
    ...(existsSync(index.indexFrom) ? index : {}),
  });
  writeGitFile(tree, record);
}

/**
 * The `.git` file says where the hub shows the common git directory; that place follows the work tree's name.
 * @param top the upper directory of a context that is not mounted, else its mount point
 */
export function writeGitFile(tree: WorkTree, record: ContextRecord, top = upperOf(record)): void {
  const secondPath = tree.mounts.secondPath(tree.store.id, tree.path);
  writeFileSync(join(top, '.git'), gitFileContent(secondPath, record.name));
}

/**
 * Whether a context's registration is whole and names the places of this work tree: a repository that was moved or copied has brought
 * along what names the old ones.
 */
export function isRegistered(tree: WorkTree, repository: Repository, record: ContextRecord): boolean {
  const { name } = record;
  const admin = adminDirectory(repository.commonDir, name);
  const says = (file: string, text: string): boolean => existsSync(file) && readFileSync(file, 'utf8') === text;
  const mountPoint = tree.mounts.mountPoint(keyOf(tree, name));
  const secondPath = tree.mounts.secondPath(tree.store.id, tree.path);
  return (
    existsSync(join(admin, 'HEAD')) &&
    says(join(admin, 'gitdir'), `${mountPoint}/.git\n`) &&
    says(join(upperOf(record), '.git'), gitFileContent(secondPath, name))
  );
}

/** Writes again what somebody took away of a context's registration; the index as HEAD is. */
export async function repairContext(tree: WorkTree, repository: Repository, record: ContextRecord): Promise<void> {
  const name = record.name;
  const key = keyOf(tree, name);
  const lost = !existsSync(join(adminDirectory(repository.commonDir, name), 'HEAD'));
  const fallback = lost ? (record.head ?? (await readHead(repository)).oid) : undefined;
  repair({
    commonDir: repository.commonDir,
    gitDir: repository.gitDir,
    name,
    mountPoint: tree.mounts.mountPoint(key),
    head: fallback === undefined ? { branch: name } : { oid: fallback },
  });
  writeGitFile(tree, record, tree.mounts.isMounted(key) ? tree.mounts.mountPoint(key) : upperOf(record));
  if (existsSync(indexOf(repository, name))) return;
  const admin = `--git-dir=${adminDirectory(repository.commonDir, name)}`;
  const { status } = await git([admin, 'rev-parse', '-q', '--verify', 'HEAD'], {
    cwd: repository.workTree,
    answers: [1, 128],
  });
  if (status === 0) await git([admin, 'read-tree', 'HEAD'], { cwd: repository.workTree, mayWrite: true });
}

export function unregisterContext(repository: Repository, name: string): void {
  unregister(repository.commonDir, name);
}
