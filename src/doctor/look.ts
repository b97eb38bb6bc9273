import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { areSubvolumesOfOne } from '../linux/btrfs.js';
import { hasUserManager } from '../linux/cgroup-scope.js';
import { openControlGroups } from '../linux/cgroup.js';
import { mountOf } from '../linux/mountinfo.js';
import { MizerError } from '../model/errors.js';
import type { Facts, Trial } from './facts.js';

const programs = ['unshare', 'nsenter', 'env', 'cp', 'perl'];

/** Looks at this machine; tries what can be tried, and leaves nothing behind. @param directory a work tree, or any directory */
export function lookAtMachine(directory: string): Facts {
  const storeDirectory = storeOf(directory);
  return {
    uid: process.getuid?.() ?? 0,
    kernel: release(),
    mayMount: mayMount(),
    maxUserNamespaces: setting('user/max_user_namespaces'),
    unprivilegedClone: setting('kernel/unprivileged_userns_clone'),
    apparmorRestricts: setting('kernel/apparmor_restrict_unprivileged_userns'),
    userNamespace: attempt(['unshare', '--user', '--map-root-user', '--mount', 'true']),
    overlay: tryOverlay(storeDirectory),
    storeDirectory,
    storeFileSystem: mountOf(storeDirectory).fsType,
    stateInOtherSubvolume: areSubvolumesOfOne(storeDirectory, stateDirectory()),
    maxWatches: setting('fs/inotify/max_user_watches'),
    maxInotifyInstances: setting('fs/inotify/max_user_instances'),
    controlGroups: tryControlGroups(),
    git: gitVersion(),
    missingPrograms: programs.filter((name) => !isInPath(name)),
  };
}

/** Where a store would be: the git directory above, else the directory itself. */
function storeOf(directory: string): string {
  for (let top = directory; ; top = dirname(top)) {
    if (existsSync(join(top, '.git', 'HEAD'))) return join(top, '.git');
    if (top === dirname(top)) return directory;
  }
}

function setting(name: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/sys/${name}`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** CAP_SYS_ADMIN (bit 21) over the initial user namespace, whose map is the whole range. */
function mayMount(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const isInitial = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2] === '4294967295';
  return isInitial && ((BigInt(`0x${effective}`) >> 21n) & 1n) === 1n;
}

function attempt(argv: readonly string[]): Trial {
  const [program = '', ...args] = argv;
  const result = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (result.status === 0) return { works: true };
  const said = (result.error?.message ?? result.stderr).trim().split('\n').at(-1) ?? '';
  return { works: false, reason: said === '' ? `${program} ended with status ${result.status ?? 'none'}` : said };
}

function tryOverlay(storeDirectory: string): Trial {
  const parent = isWritable(storeDirectory) ? storeDirectory : tmpdir();
  const scratch = mkdtempSync(join(parent, '.mizer-doctor-'));
  try {
    for (const part of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(scratch, part));
    const asUser = mayMount() ? [] : ['--user', '--map-root-user'];
    const options = 'userxattr,lowerdir=lower,upperdir=upper,workdir=work';
    const inScratch = ['env', '-C', scratch, 'mount', '-t', 'overlay', '-o', options, 'overlay', 'merged'];
    return attempt(['unshare', ...asUser, '--mount', ...inScratch]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where mizer keeps its state, or would: the nearest directory that exists. */
function stateDirectory(): string {
  const { XDG_STATE_HOME: state, HOME: home } = process.env;
  let directory = state?.startsWith('/') === true ? state : join(home ?? '/', '.local/state');
  while (!existsSync(directory)) directory = dirname(directory);
  return realpathSync(directory);
}

function tryControlGroups(): Trial {
  try {
    if (!hasUserManager(process.env)) openControlGroups();
    return { works: true };
  } catch (error) {
    if (error instanceof MizerError) return { works: false, reason: error.message };
    throw error;
  }
}

function gitVersion(): string | undefined {
  const printed = spawnSync('git', ['version'], { encoding: 'utf8' }).stdout as string | null;
  return /\d+(?:\.\d+)+/.exec(printed ?? '')?.[0];
}

function isInPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
