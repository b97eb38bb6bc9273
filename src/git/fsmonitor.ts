import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { parentOf, type TreePath } from '../model/tree-path.js';
import { linkOrCopy } from './link-or-copy.js';

/** What `assets/fsmonitor.pl` needs to know of one work tree in one context. */
export interface MonitorView {
  /** Where processes see this work tree: its own path, and the hub's mount point. Elsewhere the monitor vouches for nothing. */
  readonly places: readonly string[];
  /** The context's upper directory by a path that sessions see. */
  readonly upper: string;
  /** A submodule's place in it; `''` for the work tree itself. */
  readonly prefix: TreePath;
  /** A template made by `makeTemplate`, from which the index came too. */
  readonly template: string;
  /** Paths that differ between the template's snapshot and the context's. */
  readonly delta: readonly TreePath[];
}

/** Writes a context's view into its admin directory. Without it the monitor tells git to look at everything itself. */
export function writeMonitorView(admin: string, view: MonitorView): void {
  const directory = path.join(admin, 'mizer');
  mkdirSync(directory, { recursive: true });
  linkOrCopy(path.join(view.template, 'present'), path.join(directory, 'present'));
  writeFileSync(path.join(directory, 'delta'), nulTerminated(withDirectories(view.delta)));
  const text = [...view.places, '', view.upper].map((one) => `${one}\0`).join('');
  const first = readEnd(path.join(view.template, 'index')).toString('hex');
  writeFileSync(path.join(directory, 'view'), Buffer.concat([Buffer.from(text), nulTerminated([view.prefix, first])]));
}

/** The last 20 bytes of an index, by which the monitor knows it. */
function readEnd(index: string): Buffer {
  const file = openSync(index, 'r');
  try {
    const end = Buffer.alloc(20);
    readSync(file, end, 0, 20, fstatSync(file).size - 20);
    return end;
  } finally {
    closeSync(file);
  }
}

/** Paths as bytes, each with a NUL after it. */
export function nulTerminated(paths: readonly TreePath[]): Buffer {
  return Buffer.from(paths.map((one) => `${one}\0`).join(''), 'latin1');
}

/** Each path, and for each directory above one the name that makes git list that directory again. */
function withDirectories(paths: readonly TreePath[]): readonly TreePath[] {
  const directories = new Set<TreePath>();
  for (const one of paths) {
    let directory = one;
    do {
      directory = parentOf(directory);
      if (directories.has(directory)) break;
      directories.add(directory);
    } while (directory !== '');
  }
  return [...paths, ...Array.from(directories, (one) => (one === '' ? '.mizer' : `${one}/.mizer`))];
}

/** `lgetxattr(2)` by Node's name of the machine: the number differs, and perl has no name for it. */
const lgetxattr: Partial<Record<NodeJS.Architecture, number>> = {
  x64: 192,
  ia32: 230,
  arm: 230,
  arm64: 9,
  riscv64: 9,
  loong64: 9,
  ppc64: 213,
  s390x: 228,
};

/**
 * Installs the monitor and the settings that turn it on into `directory` and answers with the settings' path; `undefined` where there is no
 * perl, and git in contexts then does without. A copy is installed so that sessions outlive an upgrade of the package.
 */
export function installMonitor(directory: string): string | undefined {
  const perl = findProgram('perl');
  const number = lgetxattr[process.arch];
  if (perl === undefined || number === undefined) return undefined;
  const hook = path.join(directory, 'fsmonitor');
  const source = readFileSync(new URL('../../assets/fsmonitor.pl', import.meta.url), 'utf8');
  const text = source
    .replace(/^#!.*\n/, `#!${perl}\n`)
    .replace(/^my \$LGETXATTR = \d+;/m, `my $LGETXATTR = ${number};`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(hook, text);
  chmodSync(hook, 0o755);
  const settings = path.join(directory, 'context.gitconfig');
  writeFileSync(settings, contextConfig(hook));
  return settings;
}

function findProgram(name: string): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(':').map((directory) => path.join(directory, name));
  return candidates.find((candidate) => path.isAbsolute(candidate) && isExecutable(candidate));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** git's settings inside contexts. The hash at the index's end is what the monitor knows an index by. */
export function contextConfig(hook: string): string {
  const shell = `'${hook.replaceAll("'", "'\\''")}'`;
  const quoted = shell.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `[core]\n\tfsmonitor = "${quoted}"\n\tfsmonitorHookVersion = 2\n\tuntrackedCache = true\n[index]\n\tskipHash = false\n`;
}

/**
 * The variables that give git these settings in contexts and in no other repository a session visits: an `includeIf` for git directories
 * below `secondPaths`, the directory of all second paths. What the caller's own environment hands to git in this way stays.
 */
export function sessionEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  secondPaths: string,
  settings: string,
): Readonly<Record<string, string>> {
  // In the pattern these are wild; a backslash takes that from them.
  const pattern = secondPaths.replace(/[\\*?[\]]/g, '\\$&');
  const key = `includeIf.gitdir:${pattern}/**.path`;
  const count = Number.parseInt(caller['GIT_CONFIG_COUNT'] ?? '0', 10) || 0;
  for (let at = 0; at < count; at += 1) {
    if (caller[`GIT_CONFIG_KEY_${at}`] === key) return { [`GIT_CONFIG_VALUE_${at}`]: settings };
  }
  return {
    GIT_CONFIG_COUNT: `${count + 1}`,
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: settings,
  };
}
