import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FileStat } from '../../src/git/index-file.js';
import { gitFileContent, type Registration, register } from '../../src/git/linked-worktree.js';
import { git } from '../support/git-world.js';
import type { OverlayHub } from '../support/overlay-hub.js';

/** A repository with what mizer would keep for it: a layer copied from the work tree, the second path, a place for contexts. */
export interface ForkableRepository {
  readonly workTree: string;
  readonly commonDir: string;
  readonly layer: string;
  readonly secondPath: string;
  readonly store: string;
}

export interface TestContext {
  readonly name: string;
  readonly mountPoint: string;
  readonly upper: string;
  readonly admin: string;
  readonly registration: Registration;
  /** git as a person in a session of the context runs it, at the work tree's own path. */
  git(...args: readonly string[]): string;
  /** Any command there. */
  run(...command: readonly string[]): string;
  readonly through: readonly string[];
}

/** Copies the work tree into a layer and binds its common git directory at the second path. */
export function makeForkable(hub: OverlayHub, workTree: string, state: string): ForkableRepository {
  const commonDir = path.join(workTree, '.git');
  const store = path.join(commonDir, 'mizer');
  const layer = path.join(store, 'layers', 'one');
  mkdirSync(path.dirname(layer), { recursive: true });
  copyLayer(workTree, layer);
  const secondPath = path.join(state, path.basename(workTree), '.git');
  mkdirSync(secondPath, { recursive: true });
  hub.run('mount', '--bind', commonDir, secondPath);
  return { workTree, commonDir, layer, secondPath, store };
}

/** A layer is the work tree without any `.git`, with all times kept. */
export function copyLayer(workTree: string, layer: string): void {
  const files = path.join(path.dirname(layer), `${path.basename(layer)}.tar`);
  execFileSync('tar', ['--exclude=.git', '-C', workTree, '-cf', files, '.']);
  mkdirSync(layer);
  execFileSync('tar', ['-C', layer, '-xpf', files]);
  rmSync(files);
}

/** What an index keeps of the file at a tree path, as it is now. */
export function statIn(tree: string): (treePath: string) => FileStat | undefined {
  return (treePath) => {
    const file = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(treePath, 'latin1')]);
    const stat = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const { mtimeNs, ctimeNs } = stat;
    const [size, ino, dev, uid, gid] = [stat.size, stat.ino, stat.dev, stat.uid, stat.gid].map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { size, mtimeNs, ctimeNs, ino, dev, uid, gid };
  };
}

/** Forks a context from the layer (or `lower`) and opens a session in it. */
export async function fork(
  hub: OverlayHub,
  repository: ForkableRepository,
  name: string,
  options: {
    head?: Registration['head'];
    indexFrom?: string;
    lower?: readonly string[];
    /** A template and what differs between its snapshot and `lower`; the index comes from it. */
    monitor?: { readonly template: string; readonly delta: readonly string[] };
    environment?: Record<string, string>;
    /** What else has to happen before the overlay is mounted. */
    prepare?: (upper: string, mountPoint: string) => Promise<void>;
  } = {},
): Promise<TestContext> {
  const { workTree, commonDir, secondPath } = repository;
  const home = path.join(repository.store, 'contexts', name);
  const upper = path.join(home, 'upper');
  const mountPoint = path.join(path.dirname(path.dirname(secondPath)), 'hub', path.basename(workTree), name);
  mkdirSync(upper, { recursive: true });
  writeFileSync(path.join(upper, '.git'), gitFileContent(secondPath, name));
  const { monitor } = options;
  const template = monitor && path.join(monitor.template, 'index');
  const indexFrom = options.indexFrom ?? template ?? path.join(commonDir, 'index');
  const sessionUpper = path.join(secondPath, path.relative(commonDir, upper));
  const placed = { places: [workTree, mountPoint], upper: sessionUpper, prefix: '' };
  const registration: Registration = {
    commonDir,
    gitDir: commonDir,
    name,
    mountPoint,
    head: options.head ?? { oid: git(workTree, 'rev-parse', 'HEAD') },
    ...(existsSync(indexFrom) ? { indexFrom } : {}),
    ...(monitor === undefined ? {} : { monitor: { ...monitor, ...placed } }),
  };
  const admin = register(registration);
  await options.prepare?.(upper, mountPoint);
  hub.mount({ lower: options.lower ?? [repository.layer], upper, work: path.join(home, 'work'), at: mountPoint });
  const session = await hub.session(mountPoint, workTree);
  const settings = Object.entries(options.environment ?? {}).map(([key, value]) => `${key}=${value}`);
  const through = [...session, 'env', ...settings];
  const run = ([program = '', ...args]: readonly string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  return {
    name,
    mountPoint,
    upper,
    admin,
    registration,
    through,
    git: (...args) => run([...through, 'git', '-C', workTree, ...args]).replace(/\n$/, ''),
    run: (...command) => run([...through, 'env', '-C', workTree, ...command]),
  };
}
