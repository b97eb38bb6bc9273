import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putAside, run, type World } from './world.js';

/** The generated repository of the speed table: `tracked` files of 2 KB, 50 to a directory, `products` ignored files of 8 KB. */
export interface Size {
  readonly tracked: number;
  readonly products: number;
}

export const fullSize: Size = { tracked: 100_000, products: 20_000 };
export const smallSize: Size = { tracked: 5_000, products: 1_000 };

const perDirectory = 50;

/** The path of the tracked file number `index`. */
export function trackedPath(index: number): string {
  const directory = Math.floor(index / perDirectory);
  return `src/part${Math.floor(directory / 40)}/unit${directory}/file${index}.c`;
}

function productPath(index: number): string {
  return `build/part${Math.floor(index / 2000)}/unit${Math.floor(index / perDirectory)}/file${index}.o`;
}

/** `bytes` bytes of text that differ from file to file and compress as source text does. */
function content(index: number, bytes: number): string {
  const line = `/* ${index} */ static int value_${index}(int a, int b) { return a * ${index % 97} + b; }\n`;
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes - 1) + '\n';
}

/**
 * The repository of `size` at `directory`: reused when one is there and whole, made anew otherwise. What an earlier run left of mizer
 * in it is removed.
 */
export function prepareRepository(world: World, directory: string, size: Size, tell: (text: string) => void): void {
  if (existsSync(join(directory, '.git'))) {
    cleanOfMizer(world, directory);
    const fault = faultOf(world, directory, size);
    if (fault === undefined) {
      tell('repository: reused');
      return;
    }
    tell(`repository: made anew (${fault})`);
    rmSync(directory, { recursive: true, force: true });
  }
  generate(world, directory, size, tell);
  const fault = faultOf(world, directory, size);
  if (fault !== undefined) throw new Error(`The generated repository is not right: ${fault}`);
}

/** Everything mizer keeps in a repository, by law 2: one folder, one ref name space, linked worktrees with its prefix. */
export function cleanOfMizer(world: World, directory: string): void {
  const git = join(directory, '.git');
  const store = join(git, 'mizer');
  if (existsSync(store)) putAside(world, store);
  const worktrees = join(git, 'worktrees');
  const entries = existsSync(worktrees) ? readdirSync(worktrees) : [];
  for (const name of entries.filter((entry) => entry.startsWith('mizer-'))) {
    rmSync(join(worktrees, name), { recursive: true, force: true });
  }
  const refs = run(world, directory, ['git', 'for-each-ref', '--format=delete %(refname)', 'refs/mizer/']);
  run(world, directory, ['git', 'update-ref', '--stdin'], refs);
}

/** Reads every file once: what is measured is not the disk's reading. */
export function warm(world: World, directory: string): void {
  run(world, directory, ['sh', '-c', 'find . -path ./.git/mizer -prune -o -type f -exec cat {} + >/dev/null']);
}

function generate(world: World, directory: string, size: Size, tell: (text: string) => void): void {
  tell(`repository: writing ${size.tracked} tracked files`);
  mkdirSync(directory, { recursive: true });
  run(world, directory, ['git', 'init', '--quiet', '--initial-branch=main']);
  run(world, directory, ['git', 'config', 'gc.auto', '0']);
  const parts = ['commit refs/heads/main\ncommitter Bench <bench@example.org> 1704067200 +0000\ndata 5\nbench\n'];
  const ignore = 'build/\n';
  parts.push(`M 100644 inline .gitignore\ndata ${ignore.length}\n${ignore}\n`);
  for (let index = 0; index < size.tracked; index += 1) {
    const text = content(index, 2048);
    parts.push(`M 100644 inline ${trackedPath(index)}\ndata ${text.length}\n${text}\n`);
  }
  run(world, directory, ['git', 'fast-import', '--quiet'], Buffer.from(parts.join('')));
  run(world, directory, ['git', 'reset', '--quiet', '--hard']);
  tell(`repository: writing ${size.products} build products`);
  for (let index = 0; index < size.products; index += 1) {
    const path = join(directory, productPath(index));
    if (index % perDirectory === 0) mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content(index, 8192));
  }
  // An index written in the same second as its files makes git read each of them again.
  run(world, directory, ['sleep', '1.1']);
  run(world, directory, ['git', 'update-index', '--refresh', '--force-write-index']);
}

/** What is wrong with the repository at `directory`, or `undefined`. */
function faultOf(world: World, directory: string, size: Size): string | undefined {
  if (run(world, directory, ['git', 'status', '--porcelain']) !== '') return 'git status finds changes';
  const tracked = run(world, directory, ['git', 'ls-files']).split('\n').length - 1;
  if (tracked !== size.tracked + 1) return `${tracked} tracked files`;
  const ignored = run(world, directory, ['git', 'ls-files', '--others', '--ignored', '--exclude-standard']);
  const products = ignored.split('\n').length - 1;
  return products === size.products ? undefined : `${products} build products`;
}
