import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { MizerError } from '../model/errors.js';
import { linkOrCopy } from './link-or-copy.js';
import { type MonitorView, writeMonitorView } from './fsmonitor.js';

/** What contexts' linked worktrees are called in `worktrees/`: so they tell ours from the user's. */
const prefix = 'mizer-';

/**
 * 2100-01-01, seconds. Versions of git have taken a `gitdir` file older than a day for outdated and rewritten it with the path by which
 * they happened to see the work tree (`update_linked_gitdir` in setup.c; 2.39 does not): a time in the future keeps it as we wrote it.
 */
const farFuture = 4102444800;

export interface Registration {
  /** The common git directory on the host side; of a submodule its own one below `modules/`. */
  readonly commonDir: string;
  /** The git directory of the work tree that is forked: its sparse-checkout settings are taken over. */
  readonly gitDir: string;
  /** The context's name. */
  readonly name: string;
  /** Where the hub mounts this work tree; of a submodule its directory below that. */
  readonly mountPoint: string;
  /** Detached at a commit, or on a branch by its short name, which need not have commits. */
  readonly head: { readonly oid: string } | { readonly branch: string };
  /**
   * An index made for what is below the context. It is hard-linked where possible: git never writes an index in place, it renames a
   * new one over it.
   */
  readonly indexFrom?: string;
  /** What the file system monitor has to know, when the index comes from a template. */
  readonly monitor?: MonitorView;
}

/** Where the linked worktree of a context is registered in a common git directory. */
export function adminDirectory(commonDir: string, name: string): string {
  return path.join(commonDir, 'worktrees', prefix + name);
}

/** What the `.git` file in a context says: `secondPath` is where the hub and sessions see the common git directory. */
export function gitFileContent(secondPath: string, name: string): string {
  return `gitdir: ${secondPath}/worktrees/${prefix}${name}\n`;
}

/**
 * Registers a context as a linked worktree of its repository. It is made aside and renamed into place, so that it is there whole or not at
 * all. Answers with the admin directory.
 * @throws MizerError `E_WORKTREE_EXISTS`
 */
export function register(registration: Registration): string {
  const admin = adminDirectory(registration.commonDir, registration.name);
  if (existsSync(admin)) {
    throw new MizerError('E_WORKTREE_EXISTS', `${admin} exists already.`, {
      hint: `Choose another name, or remove it with \`git worktree remove --force --force\` when no context ${registration.name} exists.`,
    });
  }
  const aside = asideOf(registration.commonDir, registration.name);
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  writeMissing(aside, registration);
  mkdirSync(path.dirname(admin), { recursive: true });
  renameSync(aside, admin);
  return admin;
}

/** Writes what is missing of a registration, and what git or a person put in its place back as it must be. HEAD and index are kept. */
export function repair(registration: Registration): void {
  const admin = adminDirectory(registration.commonDir, registration.name);
  if (existsSync(admin)) writeMissing(admin, registration);
  else register(registration);
}

function writeMissing(directory: string, registration: Registration): void {
  const { head, indexFrom } = registration;
  const gitdir = path.join(directory, 'gitdir');
  writeFileSync(path.join(directory, 'locked'), `A context of mizer: mzr show ${registration.name}\n`);
  writeFileSync(path.join(directory, 'commondir'), '../..\n');
  writeFileSync(gitdir, `${registration.mountPoint}/.git\n`);
  utimesSync(gitdir, farFuture, farFuture);
  copySparseSettings(registration.gitDir, directory);
  const index = path.join(directory, 'index');
  if (indexFrom !== undefined && !existsSync(index)) linkOrCopy(indexFrom, index);
  if (registration.monitor !== undefined && !existsSync(path.join(directory, 'mizer'))) {
    writeMonitorView(directory, registration.monitor);
  }
  // HEAD comes last: it is what makes a directory a git directory.
  const headFile = path.join(directory, 'HEAD');
  if (!existsSync(headFile))
    writeFileSync(headFile, 'oid' in head ? `${head.oid}\n` : `ref: refs/heads/${head.branch}\n`);
}

/** Per-worktree settings, as `git worktree add` takes them over: all but the ones that say where the other work tree is. */
function copySparseSettings(gitDir: string, directory: string): void {
  const settings = readText(path.join(gitDir, 'config.worktree'));
  const target = path.join(directory, 'config.worktree');
  if (settings !== undefined && !existsSync(target)) writeFileSync(target, withoutPlace(settings));
  const patterns = path.join(gitDir, 'info', 'sparse-checkout');
  const copied = path.join(directory, 'info', 'sparse-checkout');
  if (existsSync(patterns) && !existsSync(copied)) {
    mkdirSync(path.dirname(copied), { recursive: true });
    copyFileSync(patterns, copied);
  }
}

/** A configuration file's text without `core.worktree` and `core.bare`, in the form git writes them. */
export function withoutPlace(settings: string): string {
  let section = '';
  const keeps = (line: string): boolean => {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim().toLowerCase() ?? section;
    return !(section === 'core' && /^\s*(?:worktree|bare)\s*(?:=|$)/i.test(line));
  };
  return settings.split('\n').filter(keeps).join('\n');
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Takes a context's registration away, also one that is there in part. What only its HEAD, index or log reach is garbage from now on. */
export function unregister(commonDir: string, name: string): void {
  const aside = asideOf(commonDir, name);
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(path.dirname(aside), { recursive: true });
  try {
    renameSync(adminDirectory(commonDir, name), aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/** Gives a registration another name. The `.git` file in the context must follow. */
export function renameRegistration(commonDir: string, from: string, to: string): void {
  renameSync(adminDirectory(commonDir, from), adminDirectory(commonDir, to));
}

export interface RegisteredWorktree {
  readonly name: string;
  /** Where its `gitdir` says it is; absent when that file is missing. */
  readonly mountPoint?: string;
}

/** The contexts that are registered in a common git directory, by name. */
export function listRegistered(commonDir: string): readonly RegisteredWorktree[] {
  const worktrees = path.join(commonDir, 'worktrees');
  if (!existsSync(worktrees)) return [];
  return readdirSync(worktrees)
    .filter((entry) => entry.startsWith(prefix))
    .sort()
    .map((entry) => {
      const gitdir = readText(path.join(worktrees, entry, 'gitdir'))?.trim();
      const name = entry.slice(prefix.length);
      return gitdir === undefined ? { name } : { name, mountPoint: path.dirname(gitdir) };
    });
}

/** Removes what a crash left beside the registrations. */
export function sweepRegistrations(commonDir: string): void {
  rmSync(path.dirname(asideOf(commonDir, '')), { recursive: true, force: true });
}

/** A place in the same file system that git does not look at. */
function asideOf(commonDir: string, name: string): string {
  return path.join(commonDir, 'mizer', 'registering', prefix + name);
}
