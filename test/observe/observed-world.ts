import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { init, type InitOptions } from '../../src/observe/init.js';
import type { Shadow } from '../../src/observe/shadow.js';
import { freshDirectory } from './places.js';

/** A directory to observe, with a shadow root beside it, fresh for each test of the file that calls this. */
export interface ObservedWorld {
  /** Where something in the real directory is, or the directory itself. */
  readonly real: (...parts: string[]) => string;
  readonly shadows: () => string;
  /** Makes the shadow repository. */
  readonly init: (options?: Omit<InitOptions, 'realDirectory'>) => Promise<Shadow>;
}

export function observedWorld(): ObservedWorld {
  const place = freshDirectory();
  const real = (...parts: string[]): string => {
    fs.mkdirSync(place('real'), { recursive: true });
    return place('real', ...parts);
  };
  return {
    real,
    shadows: () => place('shadows'),
    init: (options = {}) => init({ realDirectory: real(), shadowRoot: place('shadows'), ...options }),
  };
}

/** What git prints in the shadow repository. */
export function git(shadow: Shadow, ...args: string[]): string {
  return execFileSync('git', args, { cwd: shadow.path, encoding: 'latin1', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The bytes of a record on `master-stat`; `undefined` where there is none. */
export function recordOf(shadow: Shadow, at: string, branch = 'master-stat'): string | undefined {
  const name = Buffer.from(`${branch}:${at}`, 'latin1');
  const { status, stdout } = spawnSync('sh', ['-c', 'read -r line; exec git cat-file --batch'], {
    cwd: shadow.path,
    input: Buffer.concat([Buffer.from('\n'), name, Buffer.from('\n')]),
  });
  const text = stdout.toString('latin1');
  const header = /^[0-9a-f]{40} blob (\d+)\n/.exec(text);
  if (status !== 0 || header === null) return undefined;
  return text.slice(header[0].length, header[0].length + Number(header[1]));
}

/** Every path on the branch but the stub's own files, byte strings. */
export function tracked(shadow: Shadow, branch = 'master-stat'): string[] {
  const stub = ['.gitignore', '.gitattributes', '.nogbundles'];
  return git(shadow, 'ls-tree', '-r', '-z', '--name-only', branch)
    .split('\0')
    .slice(0, -1)
    .filter((name) => !stub.includes(name));
}

/** Values of a record by key, as they are written. */
export function fields(record: string | undefined): Record<string, string> {
  return Object.fromEntries(
    (record ?? '')
      .split('\n')
      .slice(0, -1)
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
}

export interface Counted {
  readonly dirs: number;
  readonly files: number;
  readonly links: number;
  readonly others: number;
  readonly size: string;
}

/** What find and du say is at and below a directory, each file counted once for size. */
export function foundByFindAndDu(directory: string): Counted {
  const types = execFileSync('find', [directory, '-printf', '%y\\n'], { encoding: 'utf8' }).split('\n').slice(0, -1);
  const count = (wanted: (type: string) => boolean): number => types.filter(wanted).length;
  const files = execFileSync('find', [directory, '-type', 'f', '-print0']);
  const sum = spawnSync('du', ['--bytes', '--total', '--files0-from=-'], { input: files, encoding: 'utf8' });
  return {
    dirs: count((type) => type === 'd'),
    files: count((type) => type === 'f'),
    links: count((type) => type === 'l'),
    others: count((type) => !'dfl'.includes(type)),
    size: files.length === 0 ? '0' : (/^(\d+)\ttotal$/m.exec(sum.stdout)?.[1] ?? sum.stderr),
  };
}

/** The totals in a record. */
export function totalsIn(record: string | undefined): Counted {
  const { dirs, files, links, others, size = '' } = fields(record);
  return { dirs: Number(dirs), files: Number(files), links: Number(links), others: Number(others), size };
}

/** Makes a git repository with a commit. @returns the commit */
export function makeRepository(directory: string): string {
  fs.mkdirSync(directory, { recursive: true });
  const run = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: directory, encoding: 'utf8' });
  run('init', '-q');
  fs.writeFileSync(path.join(directory, 'content'), 'content');
  run('add', 'content');
  run('commit', '-q', '-m', 'first');
  return run('rev-parse', 'HEAD').trim();
}
