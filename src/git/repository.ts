import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MizerError } from '../model/errors.js';
import { complaint, git, type GitResult } from './run.js';

/** Where a work tree's parts are. All paths are absolute and resolved. */
export interface Repository {
  readonly workTree: string;
  /** The work tree's own git directory: HEAD, index, an operation in progress. */
  readonly gitDir: string;
  /** What all linked work trees share: objects, refs, configuration. */
  readonly commonDir: string;
  readonly isLinkedWorktree: boolean;
  readonly objectFormat: 'sha1' | 'sha256';
}

/**
 * The repository whose work tree holds `directory`, or `undefined` where there is none. It asks git itself, first of all and in one
 * process, so that git's rule about repositories of other people (`safe.directory`) is heeded before anything of it is read.
 * @throws MizerError `E_REPOSITORY_FOREIGN`, `E_BARE`, `E_REPOSITORY_UNREADABLE`
 */
export async function discover(directory: string): Promise<Repository | undefined> {
  const questions = ['--is-bare-repository', '--show-object-format', '--path-format=absolute', '--absolute-git-dir'];
  const args = ['rev-parse', ...questions, '--git-common-dir', '--show-toplevel'];
  const result = await git(args, { cwd: directory, answers: [128] });
  if (result.status === 0) return parse(directory, result);
  const [bare, , gitDir] = result.stdout.toString('utf8').split('\n');
  if (bare === 'true') {
    throw new MizerError('E_BARE', `${gitDir ?? directory} is a bare repository: it has no work tree to fork.`, {
      hint: 'Add a work tree with `git worktree add PATH` and go there.',
    });
  }
  if (bare === 'false') return undefined;
  return explain(directory, result);
}

/**
 * The git directory of the repository, bare or not, that holds `directory`, or `undefined` where there is none. Git's rule about repositories of
 * other people is heeded, as in `discover`.
 * @throws MizerError `E_REPOSITORY_FOREIGN`, `E_REPOSITORY_UNREADABLE`
 */
export async function gitDirectory(directory: string): Promise<string | undefined> {
  const result = await git(['rev-parse', '--absolute-git-dir'], { cwd: directory, answers: [128] });
  return result.status === 0 ? result.stdout.toString('utf8').replace(/\n$/, '') : explain(directory, result);
}

function parse(directory: string, result: GitResult): Repository {
  const lines = result.stdout.toString('utf8').split('\n');
  const [, format, gitDir, commonDir, workTree] = lines;
  if (lines.length !== 6 || gitDir === undefined || commonDir === undefined || workTree === undefined) {
    throw new MizerError(
      'E_REPOSITORY_UNREADABLE',
      `The path of the repository at ${directory} contains a line feed.`,
      {
        hint: 'Move the repository to a path without line feeds.',
      },
    );
  }
  return {
    workTree,
    gitDir,
    commonDir,
    isLinkedWorktree: gitDir !== commonDir,
    objectFormat: format === 'sha256' ? 'sha256' : 'sha1',
  };
}

/** Why git found no repository: none there is no error, everything else is. */
function explain(directory: string, result: GitResult): undefined {
  const said = result.stderr;
  if (said.includes('dubious ownership')) {
    const command =
      /^\s*(git config .*safe\.directory.*)$/m.exec(said)?.[1] ?? 'git config --global --add safe.directory PATH';
    throw new MizerError('E_REPOSITORY_FOREIGN', `The repository at ${directory} belongs to another user.`, {
      hint: `If you trust it, run \`${command}\`.`,
    });
  }
  if (/not a git repository \(or any/.test(said)) return undefined;
  throw new MizerError(
    'E_REPOSITORY_UNREADABLE',
    `git cannot use the repository at ${directory}: ${complaint(said)}.`,
    {
      hint: 'Run `git status` there and repair what it says.',
      data: { stderr: said },
    },
  );
}

export interface Head {
  /** The commit; absent on a branch without commits. */
  readonly oid?: string;
  /** The branch's short name; absent when detached. */
  readonly branch?: string;
}

/** What HEAD of a git directory is. Refs in files are read directly; other ref formats are asked of git. */
export async function readHead(repository: Pick<Repository, 'workTree' | 'gitDir' | 'commonDir'>): Promise<Head> {
  const text = readFileSync(path.join(repository.gitDir, 'HEAD'), 'utf8').replace(/[ \t\r\n]+$/, '');
  if (isOid(text)) return { oid: text };
  const ref = /^ref: (refs\/heads\/.+)$/s.exec(text)?.[1];
  if (ref !== undefined && ref !== 'refs/heads/.invalid') {
    const oid =
      readLoose(path.join(repository.commonDir, ref)) ??
      readPacked(repository.commonDir, ref) ??
      (await resolve(repository.workTree, 'HEAD'));
    return { branch: ref.slice('refs/heads/'.length), ...(oid === undefined ? {} : { oid }) };
  }
  const [oid, symbolic] = await Promise.all([
    resolve(repository.workTree, 'HEAD'),
    git(['symbolic-ref', '-q', 'HEAD'], { cwd: repository.workTree, answers: [1] }),
  ]);
  const branch = /^refs\/heads\/(.+)\n$/s.exec(symbolic.stdout.toString('utf8'))?.[1];
  return { ...(oid === undefined ? {} : { oid }), ...(branch === undefined ? {} : { branch }) };
}

function isOid(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

function readLoose(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return isOid(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The object of a ref in `packed-refs`: lines of object, space and name; gitrepository-layout(5). */
function readPacked(commonDir: string, ref: string): string | undefined {
  try {
    const packed = readFileSync(path.join(commonDir, 'packed-refs'), 'utf8');
    const end = packed.indexOf(` ${ref}\n`);
    const oid = packed.slice(packed.lastIndexOf('\n', end) + 1, end);
    return end >= 0 && isOid(oid) ? oid : undefined;
  } catch {
    return undefined;
  }
}

/** The object a name stands for, or `undefined` where it stands for none. */
export async function resolve(cwd: string, name: string): Promise<string | undefined> {
  const result = await git(['rev-parse', '-q', '--verify', '--end-of-options', name], { cwd, answers: [1, 128] });
  const text = result.stdout.toString('utf8').trim();
  return result.status === 0 && isOid(text) ? text : undefined;
}

export type Operation = 'rebase' | 'merge' | 'cherry-pick' | 'revert' | 'bisect';

const signs: readonly (readonly [string, Operation])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

/** What a work tree is in the middle of, by the files git keeps meanwhile. */
export function operationInProgress(gitDir: string): Operation | undefined {
  return signs.find(([file]) => existsSync(path.join(gitDir, file)))?.[1];
}
