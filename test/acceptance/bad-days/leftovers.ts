import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { World } from '../world.js';

const patienceMs = 30_000;

function names(directory: string): string[] {
  return fs.existsSync(directory) ? fs.readdirSync(directory).sort() : [];
}

/** All that is wrong in a store and its repository after `mzr gc`: parts of things, and things without an owner. */
function leftoversIn(git: string, contexts: readonly string[]): string[] {
  const store = path.join(git, 'mizer');
  const compare = (what: string, found: readonly string[], wanted: readonly string[]): string[] =>
    found.join() === wanted.join() ? [] : [`${what}: ${found.join(', ')} instead of ${wanted.join(', ')}`];
  const sorted = [...contexts].sort();
  const registered = sorted.map((name) => `mizer-${name}`);
  const partial = (directory: string): string[] =>
    names(directory).filter((name) => /^\.mizer-tmp-|\.new$|^\.making-/.test(name));
  return [
    ...compare('contexts', names(path.join(store, 'contexts')), sorted),
    ...compare('registrations', names(path.join(git, 'worktrees')), registered),
    ...['trash', 'staging', 'registering'].flatMap((name) => compare(name, names(path.join(store, name)), [])),
    ...[store, path.join(store, 'layers'), ...sorted.map((name) => path.join(store, 'contexts', name))].flatMap(
      (directory) => compare(directory, partial(directory), []),
    ),
  ];
}

/**
 * What lies in a work tree's store besides what these contexts need, after `mzr gc`. Waits for it to go: commands may still be on their way
 * out, and trash is emptied in the background.
 * @param at the work tree, when it is not the world's
 */
export async function leftovers(
  world: World,
  contexts: readonly string[],
  at = world.tree,
): Promise<readonly string[]> {
  for (const limit = Date.now() + patienceMs; ; await pause(100)) {
    const { status, err } = world.mzr(['gc'], { cwd: at });
    const left = status === 0 ? leftoversIn(path.join(at, '.git'), contexts) : [err];
    if (left.length === 0 || Date.now() > limit) return left;
  }
}
