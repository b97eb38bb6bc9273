import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { join, parentOf, toText, type TreePath } from '../model/tree-path.js';
import type { MonitorView } from './fsmonitor.js';
import { eachEntry, parseIndex } from './index-file.js';
import { gitFileContent, register, unregister } from './linked-worktree.js';
import { discover, readHead, type Repository } from './repository.js';

/** An initialised submodule of a work tree, at any depth. */
export interface Submodule extends Repository {
  /** Its place in the outermost work tree. */
  readonly path: TreePath;
}

const gitlink = 0o160000;

/**
 * The submodules that are checked out in a work tree, outer ones first: index entries that are gitlinks and whose directory is a
 * repository. A gitlink at a path that is not UTF-8 is left out.
 */
export async function listSubmodules(repository: Repository): Promise<readonly Submodule[]> {
  const found: Submodule[] = [];
  for (const place of gitlinksOf(repository)) {
    const text = toText(place);
    if (text === undefined) continue;
    const workTree = path.join(repository.workTree, text);
    if (lstatSync(path.join(workTree, '.git'), { throwIfNoEntry: false }) === undefined) continue;
    const inner = await discover(workTree);
    if (inner === undefined || inner.workTree !== workTree) continue;
    found.push({ ...inner, path: place });
    for (const deeper of await listSubmodules(inner)) found.push({ ...deeper, path: join(place, deeper.path) });
  }
  return found;
}

/** Read in process: for a work tree without submodules, the usual one, this must cost next to nothing. */
function gitlinksOf(repository: Repository): readonly TreePath[] {
  const file = path.join(repository.gitDir, 'index');
  if (!existsSync(file)) return [];
  const index = parseIndex(readFileSync(file), repository.objectFormat);
  const places: TreePath[] = [];
  eachEntry(index, (place, offset) => {
    if (index.bytes.readUInt32BE(offset + 24) === gitlink && places.at(-1) !== place) places.push(place);
  });
  return places;
}

export interface SubmoduleRegistration {
  readonly submodule: Submodule;
  /** The context's name. */
  readonly name: string;
  /** Where the hub mounts the context. */
  readonly mountPoint: string;
  /** The context's upper directory, not mounted yet. */
  readonly upper: string;
  /**
   * Where sessions see this submodule's common git directory: below the second path of the outermost one for one in its `modules/`; for
   * an old one with a `.git` directory of its own, which the context hides, a bind mount of it.
   */
  readonly secondPath: string;
  readonly indexFrom?: string;
  readonly monitor?: MonitorView;
}

/**
 * Registers the context's copy of a submodule as a linked worktree of that submodule's repository, detached at the commit the host view has
 * checked out, and puts the `.git` file that says so into the upper directory. (`core.worktree` of the submodule does not disturb: git
 * heeds it only for the main work tree.) Answers with the admin directory.
 */
export async function registerSubmodule(registration: SubmoduleRegistration): Promise<string> {
  const { submodule, name, upper, secondPath, indexFrom, monitor } = registration;
  const { oid, branch = 'main' } = await readHead(submodule);
  const place = toText(submodule.path) ?? submodule.path;
  const hostIndex = path.join(submodule.gitDir, 'index');
  const index = indexFrom ?? (existsSync(hostIndex) ? hostIndex : undefined);
  const admin = register({
    commonDir: submodule.commonDir,
    gitDir: submodule.gitDir,
    name,
    mountPoint: path.join(registration.mountPoint, place),
    head: oid === undefined ? { branch } : { oid },
    ...(index === undefined ? {} : { indexFrom: index }),
    ...(monitor === undefined ? {} : { monitor }),
  });
  mkdirSync(path.join(upper, place), { recursive: true });
  writeFileSync(path.join(upper, place, '.git'), gitFileContent(secondPath, name));
  takeAfter(upper, submodule.workTree, place);
  return admin;
}

/** Gives the directories on the way to `place` in the upper directory the bits and times (to 256 ns) of those they cover. */
function takeAfter(upper: string, workTree: string, place: string): void {
  if (place === '') return;
  const { mode, atimeMs, mtimeMs } = statSync(workTree);
  chmodSync(path.join(upper, place), mode & 0o7777);
  utimesSync(path.join(upper, place), atimeMs / 1000, mtimeMs / 1000);
  takeAfter(upper, path.dirname(workTree), parentOf(place));
}

/** Takes the registrations of a context's submodules away. */
export function unregisterSubmodules(submodules: readonly Submodule[], name: string): void {
  for (const { commonDir } of submodules) unregister(commonDir, name);
}

/** Where a submodule's common git directory is below a second path; `undefined` for one that is not inside the outer common git directory. */
export function secondPathOfSubmodule(
  submodule: Pick<Submodule, 'commonDir'>,
  commonDir: string,
  secondPath: string,
): string | undefined {
  const inside = path.relative(commonDir, submodule.commonDir);
  return inside.startsWith('..') || path.isAbsolute(inside) ? undefined : path.join(secondPath, inside);
}
