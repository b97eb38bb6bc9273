import { git, gitText, type GitOptions } from './run.js';

/** Where and how git runs in a context (see `GitOptions`). */
export type GitPlace = Pick<GitOptions, 'cwd' | 'through' | 'environment' | 'asInSession'>;

export interface WorkTreeChanges {
  /** Tracked paths that differ between HEAD, index and files; submodules with changes inside count. */
  readonly tracked: number;
  /** Untracked paths that are not ignored; a directory of nothing else counts once. */
  readonly untracked: number;
  /** Paths with a conflict. */
  readonly unmerged: number;
  /** Untracked repositories inside: what they hold is in no object store but their own. */
  readonly nested: readonly string[];
  /** Commits that only HEAD reaches, no ref of the repository. */
  readonly unreachable: number;
}

/** What would be lost with a work tree. */
export async function changesAgainstHead(place: GitPlace): Promise<WorkTreeChanges> {
  const args = ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=normal', '--ignore-submodules=none'];
  const { stdout } = await git(args, place);
  const counts = { tracked: 0, untracked: 0, unmerged: 0 };
  const directories: string[] = [];
  let head: string | undefined;
  const records = stdout.toString('utf8').split('\0');
  for (let at = 0; at < records.length; at += 1) {
    const record = records[at] ?? '';
    if (record.startsWith('# branch.oid ')) head = record.slice('# branch.oid '.length);
    else if (record.startsWith('1 ') || record.startsWith('2 ')) counts.tracked += 1;
    else if (record.startsWith('u ')) counts.unmerged += 1;
    else if (record.startsWith('? ')) counts.untracked += 1;
    // A rename is followed by the old path as a record of its own.
    if (record.startsWith('2 ')) at += 1;
    if (record.startsWith('? ') && record.endsWith('/')) directories.push(record.slice(2, -1));
  }
  const unreachable = head === undefined || head === '(initial)' ? 0 : await countUnreachable(place, head);
  const nested = directories.length === 0 ? [] : await nestedRepositories(place);
  return { ...counts, nested, unreachable };
}

/** What an index holds otherwise than HEAD, a line for each path with the mode and object that are staged for it. */
export interface Staged {
  readonly all: ReadonlySet<string>;
  /** Those of which the file is not what is staged: nothing but the index has them. */
  readonly hidden: ReadonlySet<string>;
}

/** Looks at tracked files only; what submodules hold is theirs. */
export async function stagedEntries(place: GitPlace): Promise<Staged> {
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=no', '--no-renames', '--ignore-submodules=all'];
  const { stdout } = await git(args, place);
  const all = new Set<string>();
  const hidden = new Set<string>();
  for (const record of stdout.toString('latin1').split('\0')) {
    const [, states, mode, object, path] = /^1 (..) \S+ \S+ (\S+) \S+ \S+ (\S+) (.*)$/s.exec(record) ?? [];
    if (states === undefined || states.startsWith('.')) continue;
    all.add(`${mode} ${object} ${path}`);
    if (!states.endsWith('.')) hidden.add(`${mode} ${object} ${path}`);
  }
  return { all, hidden };
}

/** Untracked repositories: with every file listed, what still shows as a directory is one. */
async function nestedRepositories(place: GitPlace): Promise<readonly string[]> {
  const { stdout } = await git(['ls-files', '--others', '--exclude-standard', '-z'], place);
  const listed = stdout.toString('utf8').split('\0');
  return listed.filter((one) => one.endsWith('/')).map((one) => one.slice(0, -1));
}

/** Refs that belong to one work tree and go with it do not keep a commit. */
const sharedRefs = ['refs/bisect/*', 'refs/worktree/*', 'refs/rewritten/*'].map((refs) => `--exclude=${refs}`);

/** How many commits from `oid` back no ref of the repository reaches. */
export async function countUnreachable(place: GitPlace, oid: string): Promise<number> {
  return Number(await gitText(['rev-list', '--count', oid, '--not', ...sharedRefs, '--glob=refs/*'], place));
}

/** Whether some ref of the repository reaches this commit, so that no collection takes it. */
export async function isReachable(place: GitPlace, oid: string): Promise<boolean> {
  return (await countUnreachable(place, oid)) === 0;
}
