import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleRecord, formatRecord, type SubmoduleRecord, type Totals } from '../../src/observe/blob.js';
import type { Shadow } from '../../src/observe/shadow.js';

/** What a path of a state is; a file unless said otherwise. Directories come of the paths. */
export type Recorded =
  | { readonly size: number | bigint; readonly mtime?: number }
  | { readonly target: string }
  | BundleRecord
  | SubmoduleRecord;

export interface State {
  /** Seconds since 1970. */
  readonly time: number;
  /** By byte string. */
  readonly paths: Readonly<Record<string, Recorded>>;
  /** `.gitignore` of this state. */
  readonly ignore?: string;
  /** Files that are counted at the root, and not tracked. */
  readonly untracked?: number;
}

export interface ShadowWorld {
  readonly root: string;
  readonly shadow: Shadow;
  readonly commits: readonly string[];
  readonly remove: () => void;
}

/** A shadow repository whose history is written by `git fast-import`, from formats alone: nothing of the scan takes part. */
export function recordedShadow(states: readonly State[], rollup = true): ShadowWorld {
  const root = mkdtempSync(join(tmpdir(), 'mizer-recorded-'));
  const realDirectory = join(root, 'real');
  const path = join(root, 'shadows', realDirectory, '0d8f1f3a-0000-4000-8000-000000000000.fso');
  const gitDir = join(path, '.git');
  mkdirSync(path, { recursive: true });
  mkdirSync(realDirectory);
  const git = (words: readonly string[], input?: Buffer): string => {
    const { status, stdout, stderr } = spawnSync('git', words, { cwd: path, input: input ?? '', encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  git(['init', '-q', '-b', 'master-stub']);
  git(['config', 'fso.realdir', realDirectory]);
  git(['config', 'fso.rollup', String(rollup)]);
  mkdirSync(join(gitDir, 'fso'));
  writeFileSync(join(gitDir, 'fso/uuid'), '0d8f1f3a-0000-4000-8000-000000000000\n');
  git(['-c', 'fastimport.unpackLimit=100000', 'fast-import', '--quiet'], Buffer.from(stream(states, rollup), 'latin1'));
  const commits = states.length === 0 ? [] : git(['rev-list', '--reverse', 'master-stub..master-stat']).split('\n');
  const shadow = { path, gitDir, uuid: '0d8f1f3a-0000-4000-8000-000000000000', realDirectory, rollup };
  return { root, shadow, commits, remove: () => rmSync(root, { recursive: true }) };
}

function stream(states: readonly State[], rollup: boolean): string {
  const began = (states[0]?.time ?? 1) - 1;
  const who = (time: number): string => `committer a <a@b> ${time} +0000\n`;
  let text = `commit refs/heads/master-stub\n${who(began)}data 4\nstub\n${file('.gitignore', '')}`;
  for (const [index, state] of states.entries()) {
    text += `commit refs/heads/master-stat\n${who(state.time)}data 4\nstat\n`;
    text += index === 0 ? 'from refs/heads/master-stub\n' : '';
    text += `deleteall\n${file('.gitignore', state.ignore ?? '')}${files(state, rollup)}`;
  }
  return text;
}

function files({ paths, untracked = 0 }: State, rollup: boolean): string {
  let text = '';
  const totals = new Map<string, Totals>([['', { ...zero, dirs: 1, files: untracked }]]);
  for (const [path, what] of Object.entries(paths)) {
    const own = totalsOf(what);
    const parts = path.split('/');
    for (let at = 0; at < parts.length; at += 1) {
      const directory = parts.slice(0, at).join('/');
      totals.set(directory, plus(totals.get(directory) ?? { ...zero, dirs: 1 }, own));
    }
    text += blobOf(path, what);
  }
  // A directory's own `dirs` is 1; those above count it, too.
  const directories = [...totals.keys()].filter((path) => path !== '');
  for (const path of directories) {
    const parts = path.split('/');
    for (let at = 0; at < parts.length; at += 1) {
      const above = parts.slice(0, at).join('/');
      totals.set(above, plus(totals.get(above) ?? zero, { ...zero, dirs: 1 }));
    }
  }
  for (const [path, sum] of totals) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const record =
      path === ''
        ? formatRecord({ kind: 'root', mtime: 1, totals: sum, mtimeMin: 1, mtimeMax: 1, attrs: '' })
        : formatRecord({ kind: 'directory', name, mtime: 1, ...(rollup ? { totals: sum } : {}) });
    text += file(path === '' ? '.nogtree' : `${path}/.nogtree`, record);
  }
  return text;
}

const zero: Totals = { dirs: 0, files: 0, links: 0, others: 0, size: 0n };

function totalsOf(what: Recorded): Totals {
  if ('target' in what) return { ...zero, links: 1 };
  return 'kind' in what ? what.totals : { ...zero, files: 1, size: BigInt(what.size) };
}

function blobOf(path: string, what: Recorded): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if ('target' in what) return file(path, what.target, '120000');
  if ('kind' in what) return file(path, formatRecord(what));
  return file(path, formatRecord({ kind: 'file', name, size: BigInt(what.size), mtime: what.mtime ?? 1 }));
}

/** All are byte strings. */
function file(path: string, content: string, mode = '100644'): string {
  const quoted = path.replace(/[^ !#-[\]-~]/g, (unit) => `\\${unit.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `M ${mode} inline "${quoted}"\ndata ${content.length}\n${content}\n`;
}

function plus(a: Totals, b: Totals): Totals {
  return {
    dirs: a.dirs + b.dirs,
    files: a.files + b.files,
    links: a.links + b.links,
    others: a.others + b.others,
    size: a.size + b.size,
  };
}

/** Takes objects out of the repository: whoever reads one of them fails. */
export function loseObjects({ shadow }: ShadowWorld, ...names: readonly string[]): void {
  const { stdout } = spawnSync('git', ['rev-parse', ...names], { cwd: shadow.path, encoding: 'utf8' });
  for (const oid of stdout.trim().split('\n')) rmSync(join(shadow.gitDir, 'objects', oid.slice(0, 2), oid.slice(2)));
}

/** All that is iterated. */
export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
