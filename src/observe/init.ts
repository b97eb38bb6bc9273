import { randomUUID } from 'node:crypto';
import { appendFileSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../disk/tree-location.js';
import { flushDirectory, writeError } from '../disk/atomic.js';
import { PackWriter } from '../git/pack-writer.js';
import { toHex } from '../git/oid.js';
import { git, requireGit } from '../git/run.js';
import { MizerError } from '../model/errors.js';
import { isoSeconds, makeBranches, makeCommit } from './commit.js';
import { stubOf, type Policy } from './policy.js';
import { realPathOf } from './real-path.js';
import { BRANCHES, openShadow, resolved, shadowOf, shadowRoot, type Shadow } from './shadow.js';
import { whileLocked } from './state-directory.js';
import { stubTree } from './stub.js';

const PREFIX = '.tmp-';
const patienceMs = 10_000;

export interface InitOptions {
  /** The directory to observe, absolute. Nothing is ever written into it. */
  readonly realDirectory: string;
  /** `enter-subdirs` by default. */
  readonly policy?: Policy;
  /** `shadowRoot()` by default. */
  readonly shadowRoot?: string;
  /** Whether directories have totals; true by default. False gives the original's exact bytes. */
  readonly rollup?: boolean;
}

/**
 * Makes the shadow repository of a directory. It appears with a rename, whole.
 * @throws MizerError `E_REALDIR` (no directory), `E_PATH_NOT_UTF8`, `E_SHADOW_NESTED` (one of directory and shadow root lies inside the other),
 *   `E_SHADOW_EXISTS`, `E_SHADOW_BUSY`, `E_WRITE_FAILED`, `E_GIT`
 */
export async function init(options: InitOptions): Promise<Shadow> {
  await requireGit();
  const real = realDirectory(options.realDirectory);
  const root = options.shadowRoot ?? shadowRoot();
  refuseNesting(real, resolved(root));
  const holder = join(root, real);
  makeDirectory(holder);
  const lock = join(holder, '.init.lock');
  const made = await whileLocked(lock, patienceMs, async () => {
    try {
      const other = shadowOf(real, root);
      if (other !== undefined) throw exists(real, other);
      removeUnfinished(holder);
      return await make(holder, real, options);
    } finally {
      rmSync(lock, { force: true });
    }
  });
  if (made !== undefined) return made.value;
  throw new MizerError('E_SHADOW_BUSY', `Another command is making a shadow repository of ${real}.`, {
    hint: 'Wait until it is done and try again.',
    data: { realDirectory: real },
  });
}

async function make(holder: string, real: string, options: InitOptions): Promise<Shadow> {
  const uuid = randomUUID();
  const temporary = join(holder, `${PREFIX}${uuid}`);
  const path = join(holder, `${uuid}.fso`);
  try {
    await fill(temporary, real, uuid, options);
    renameSync(temporary, path);
    await flushDirectory(holder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
  return openShadow(path);
}

/** Removes what an init left that was killed; whoever has the lock is the only one. */
function removeUnfinished(holder: string): void {
  for (const name of readdirSync(holder)) {
    if (name.startsWith(PREFIX)) rmSync(join(holder, name), { recursive: true, force: true });
  }
}

async function fill(path: string, real: string, uuid: string, { policy, rollup }: InitOptions): Promise<void> {
  const gitDir = join(path, '.git');
  // No template of the user's: hooks and excludes of his are none of the shadow's.
  await git(['init', '-q', '--template=', '--object-format=sha1', '--initial-branch=master-stub', path], {
    cwd: '/',
    mayWrite: true,
  });
  // Any path can stand in a configuration, if git writes it there.
  await git([`--git-dir=${gitDir}`, 'config', 'fso.realdir', real], { cwd: path });
  appendFileSync(join(gitDir, 'config'), settings(rollup));
  mkdirSync(join(gitDir, 'fso'));
  mkdirSync(join(gitDir, 'info'), { recursive: true });
  writeFileSync(join(gitDir, 'fso/uuid'), `${uuid}\n`);
  const writer = new PackWriter(gitDir);
  const tree = writer.tree(stubTree(stubOf(policy ?? 'enter-subdirs'), writer));
  await writer.finish();
  const message = `init ${isoSeconds()}`;
  const commit = await makeCommit(gitDir, toHex(tree), [], message);
  await makeBranches(gitDir, BRANCHES, commit, message);
  await git(['reset', '-q', '--hard'], { cwd: path, mayWrite: true });
}

/** Of the work tree's files only the content matters. Packs are our own business: they are joined at the end of a stat, under its lock. */
function settings(rollup = true): string {
  return `\trollup = ${rollup}\n[core]\n\tfilemode = false\n\ttrustctime = false\n[gc]\n\tauto = 0\n`;
}

function realDirectory(path: string): string {
  try {
    const real = realPathOf(path);
    if (lstatSync(real).isDirectory()) return real;
  } catch (cause) {
    if (cause instanceof MizerError) throw cause;
    throw noDirectory(path, codeOf(cause));
  }
  throw noDirectory(path, 'ENOTDIR');
}

function noDirectory(path: string, code: string): MizerError {
  return new MizerError('E_REALDIR', `${path} is not a directory that can be observed (${code}).`, {
    group: 'usage',
    hint: 'Name an existing directory.',
    data: { path, errno: code },
  });
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function refuseNesting(real: string, root: string): void {
  const isIn = (inner: string, outer: string): boolean =>
    inner === outer || inner.startsWith(`${outer}/`) || outer === '/';
  if (!isIn(real, root) && !isIn(root, real)) return;
  const sentence = isIn(real, root)
    ? `${real} lies inside the shadow root ${root}.`
    : `The shadow root ${root} lies inside ${real}: observing would change what is observed.`;
  throw new MizerError('E_SHADOW_NESTED', sentence, {
    hint:
      real === '/'
        ? 'No place is outside of it: observe directories in it, such as /home and /srv.'
        : 'Name another place for shadow repositories with --shadow-root.',
    data: { realDirectory: real, shadowRoot: root },
  });
}

function exists(real: string, path: string): MizerError {
  return new MizerError('E_SHADOW_EXISTS', `${real} is observed already, by ${path}.`, {
    hint: `Bring it up to date with \`mzr observe stat ${real}\`, or change its policy with \`mzr observe reinit\`.`,
    data: { realDirectory: real, shadow: path },
  });
}
