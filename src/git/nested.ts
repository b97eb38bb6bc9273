import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** A git repository whose work tree is some directory. */
export interface NestedRepository {
  /** The commit of its HEAD; absent where it has none. */
  readonly commit?: string;
}

const oid = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The repository whose work tree has its top at `directory`, read from its files: git itself would refuse those of other people. Blocks.
 * @returns `undefined` where `.git` is no repository
 * @throws what `fs` throws when it cannot be read, `ENOENT` excepted
 */
export function nestedRepository(directory: string): NestedRepository | undefined {
  const gitDir = gitDirectory(directory);
  if (gitDir === undefined) return undefined;
  const head = read(join(gitDir, 'HEAD'))?.trim();
  const common = commonDirectory(gitDir);
  if (head === undefined || !isDirectory(join(common, 'objects')) || !isDirectory(join(common, 'refs')))
    return undefined;
  if (oid.test(head)) return { commit: head };
  const ref = /^ref: *(refs\/.+)$/.exec(head)?.[1];
  if (ref === undefined) return undefined;
  const commit = ref.includes('..') ? undefined : resolve(gitDir, common, ref);
  return commit === undefined ? {} : { commit };
}

function gitDirectory(directory: string): string | undefined {
  const path = join(directory, '.git');
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) return isDirectory(path) ? path : undefined;
  if (stats.size > 8192) return undefined;
  const target = /^gitdir: (.+?)\n*$/.exec(read(path) ?? '')?.[1];
  if (target === undefined) return undefined;
  const gitDir = isAbsolute(target) ? target : join(directory, target);
  return isDirectory(gitDir) ? gitDir : undefined;
}

/** Where a linked work tree has its refs and objects; gitrepository-layout(5). */
function commonDirectory(gitDir: string): string {
  const text = read(join(gitDir, 'commondir'))?.trim();
  if (text === undefined || text === '') return gitDir;
  return isAbsolute(text) ? text : join(gitDir, text);
}

function resolve(gitDir: string, common: string, ref: string): string | undefined {
  for (const place of [gitDir, common]) {
    const text = read(join(place, ref))?.trim();
    if (text !== undefined && oid.test(text)) return text;
    const further = /^ref: *(refs\/.+)$/.exec(text ?? '')?.[1];
    if (further !== undefined) return askGit(gitDir, 'HEAD');
  }
  const packed = read(join(common, 'packed-refs')) ?? '';
  const end = packed.indexOf(` ${ref}\n`);
  const found = packed.slice(packed.lastIndexOf('\n', end) + 1, Math.max(end, 0));
  if (oid.test(found)) return found;
  // Refs may be in another form than files.
  return isDirectory(join(common, 'reftable')) ? askGit(gitDir, 'HEAD') : undefined;
}

function askGit(gitDir: string, name: string): string | undefined {
  try {
    const args = ['-c', 'safe.directory=*', `--git-dir=${gitDir}`, 'rev-parse', '-q', '--verify', name];
    const text = execFileSync('git', args, { cwd: '/', encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] });
    return oid.test(text.trim()) ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(String(error.code))
  );
}
