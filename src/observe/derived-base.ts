import { join } from 'node:path';
import { readJson, writeAtomic } from '../disk/atomic.js';
import { codeOf } from '../disk/tree-location.js';
import { gitText } from '../git/run.js';
import { MizerError } from '../model/errors.js';
import type { TreePath } from '../model/tree-path.js';
import { tipOf } from './commit.js';
import type { Shadow } from './shadow.js';

/** From which commit of `master-stat` a branch was made, so that what has the same record since need not be read again. */
export interface DerivedBase {
  /** The commit of the branch. */
  readonly commit: string;
  readonly stat: string;
  /** Paths to read again whatever their record says: they could not be read, or could have changed without a trace in it. */
  readonly again: readonly TreePath[];
}

type DerivedBranch = 'sha' | 'content';

/** So far back a commit is looked for that a base speaks of: switches of policy put commits of their own on the branch. */
const farthest = 50;

function fileOf(shadow: Shadow, branch: DerivedBranch): string {
  return join(shadow.gitDir, 'fso', `${branch}-base.json`);
}

/**
 * What the branch's present commit was made from; `undefined` where that is not known: then everything is read. A commit that somebody else
 * put upon a known one does no harm, as what it says of an unchanged record was read later.
 */
export async function derivedBase(shadow: Shadow, branch: DerivedBranch): Promise<DerivedBase | undefined> {
  const bases = await readBases(shadow, branch);
  if (bases.length === 0) return undefined;
  const args = ['rev-list', '--first-parent', '-n', String(farthest), `refs/heads/master-${branch}`];
  const commits = (await gitText([`--git-dir=${shadow.gitDir}`, ...args], { cwd: shadow.gitDir })).split('\n');
  for (const commit of commits) {
    const base = bases.find((one) => one.commit === commit);
    if (base !== undefined) return base;
  }
  return undefined;
}

/**
 * Notes it, before the branch moves: the base of the commit before is kept, so that whichever of the two the branch is at after a crash
 * has its own.
 */
export async function keepDerivedBase(shadow: Shadow, branch: DerivedBranch, base: DerivedBase): Promise<void> {
  const before = (await readBases(shadow, branch)).filter(({ commit }) => commit !== base.commit);
  await writeAtomic(fileOf(shadow, branch), `${JSON.stringify([base, ...before].slice(0, 3), null, 1)}\n`);
}

/** The commit of a branch. @throws MizerError `E_SHADOW_HURT` where there is none */
export async function requireTip(shadow: Shadow, branch: string): Promise<string> {
  const commit = await tipOf(shadow, branch);
  if (commit !== undefined) return commit;
  throw new MizerError('E_SHADOW_HURT', `The shadow repository ${shadow.path} has no branch ${branch}.`, {
    group: 'failed',
    hint: `Bring it back with \`git branch ${branch} master-stub\` there, or make a new shadow repository.`,
    data: { path: shadow.path, branch },
  });
}

/** A file that is hurt is as good as none. */
async function readBases(shadow: Shadow, branch: DerivedBranch): Promise<readonly DerivedBase[]> {
  try {
    return (await readJson(fileOf(shadow, branch), isBases)) ?? [];
  } catch (error) {
    if (error instanceof MizerError && codeOf(error) === 'E_STATE_CORRUPT') return [];
    throw error;
  }
}

function isBases(value: unknown): value is readonly DerivedBase[] {
  return Array.isArray(value) && value.every(isBase);
}

function isBase(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { commit, stat, again } = value as Record<string, unknown>;
  return typeof commit === 'string' && typeof stat === 'string' && Array.isArray(again);
}
