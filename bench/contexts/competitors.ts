import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { has, putAside, run, timed, type World } from './world.js';

/** What a person does today instead of a fork. Each figure is in milliseconds, removal included where it is part of the bargain. */

/** `git worktree add` and `remove` of the same commit: tracked files only. */
export function worktreeAddAndRemove(world: World, repository: string): number {
  const place = join(world.directory, 'worktree');
  const add = timed(world, repository, ['git', 'worktree', 'add', '--quiet', '--detach', place]);
  return add + timed(world, repository, ['git', 'worktree', 'remove', '--force', place]);
}

/** `cp -a` of the whole work tree, build products and git directory included, without the removal. */
export function copyAll(world: World, repository: string, reflink: 'never' | 'always'): number {
  const place = join(world.directory, 'copy');
  try {
    return timed(world, world.directory, ['cp', '-a', `--reflink=${reflink}`, repository, place]);
  } finally {
    putAside(world, place);
  }
}

/** Whether the file system that holds `repository` shares blocks between copies. */
export function canReflink(world: World, repository: string): boolean {
  const place = join(repository, '.git', 'reflink-probe');
  try {
    run(world, repository, ['cp', '--reflink=always', '.gitignore', place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { force: true });
  }
}

/**
 * Entering a bubblewrap sandbox that shows another directory at the repository's path and running `true`: what the mere entry costs,
 * with a tree that someone else has prepared. `undefined` where bubblewrap is not installed or not allowed.
 */
export function bubblewrapEntry(world: World, repository: string): number | undefined {
  if (!has(world, 'bwrap')) return undefined;
  try {
    return timed(world, repository, [
      'bwrap',
      '--dev-bind',
      '/',
      '/',
      '--bind',
      join(world.directory, 'home'),
      repository,
      'true',
    ]);
  } catch {
    return undefined;
  }
}
