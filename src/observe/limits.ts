import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { codeOf, locate } from '../disk/tree-location.js';
import { MizerError } from '../model/errors.js';
import { fromText, isWithin, join, type TreePath } from '../model/tree-path.js';
import type { Policy } from './policy.js';
import { throwIfAborted } from './shadow-lock.js';

/** How much a directory may hold to be given a shadow repository. */
export interface Limit {
  /** It applies to this path below the root, as text, and what is in it; `''` all. Of several the longest decides. */
  readonly prefix: string;
  readonly entries?: number;
  readonly bytes?: number;
}

/** The limit that decides about a path relative to the root. */
export function limitFor(limits: readonly Limit[], path: TreePath): Limit | undefined {
  return limits
    .filter(({ prefix }) => isWithin(path, fromText(prefix)))
    .reduce<Limit | undefined>(
      (longest, one) => (longest !== undefined && longest.prefix.length >= one.prefix.length ? longest : one),
      undefined,
    );
}

interface Measure {
  /** Files, directories and others below a directory, it itself not among them. */
  readonly entries: number;
  /** Of regular files, each inode once. */
  readonly bytes: number;
}

/**
 * Refuses what is beyond the limit. What counts is what the policy lets grow: with `enter-subdirs` all there is; with `bundle-subdirs` and
 * `ignore-subdirs` the entries of the directory itself, of any size, as whole trees below are one record each or none; with `ignore-most`
 * nothing. Counting ends as soon as a limit is passed.
 * @param realDirectory an absolute path, as text
 * @throws MizerError `E_LIMIT` with numbers, `E_INTERRUPTED`
 */
export async function checkLimit(
  realDirectory: string,
  policy: Policy,
  limit: Limit | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (limit === undefined || policy === 'ignore-most') return;
  const deep = policy === 'enter-subdirs';
  const { entries = Infinity, bytes = Infinity } = limit;
  const most = { entries, bytes: deep ? bytes : Infinity };
  if (most.entries === Infinity && most.bytes === Infinity) return;
  const measure = await measureTree(realDirectory, deep, most, signal);
  if (measure.entries > most.entries || measure.bytes > most.bytes) throw refusal(realDirectory, measure, most);
}

async function measureTree(
  root: string,
  deep: boolean,
  most: Measure,
  signal: AbortSignal | undefined,
): Promise<Measure> {
  const waiting: TreePath[] = [''];
  const linked = new Set<string>();
  let [entries, bytes] = [0, 0];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const child of childrenOf(root, path)) {
      entries += 1;
      if (entries > most.entries) return { entries, bytes };
      if (!deep) continue;
      const stats = look(root, child);
      if (stats?.isDirectory() === true) waiting.push(child);
      if (stats?.isFile() !== true) continue;
      const id = `${stats.dev}:${stats.ino}`;
      if (stats.nlink > 1 && linked.has(id)) continue;
      if (stats.nlink > 1) linked.add(id);
      bytes += stats.size;
      if (bytes > most.bytes) return { entries, bytes };
    }
    // Others get their turn, and a signal is heard.
    await new Promise(setImmediate);
    throwIfAborted(signal);
  }
  return { entries, bytes };
}

function childrenOf(root: string, path: TreePath): TreePath[] {
  try {
    return readdirSync(locate(root, path), { encoding: 'latin1' }).map((name) => join(path, name));
  } catch (error) {
    if (path !== '') return [];
    throw new MizerError('E_REALDIR_GONE', `${root} cannot be read (${codeOf(error)}).`, {
      group: 'failed',
      hint: 'See whether it is there and may be read.',
      cause: error,
      data: { path: root },
    });
  }
}

/** `undefined` where it cannot be looked at: what is not known does not count. */
function look(root: string, path: TreePath): Stats | undefined {
  try {
    return lstatSync(locate(root, path));
  } catch {
    return undefined;
  }
}

function refusal(path: string, { entries, bytes }: Measure, most: Measure): MizerError {
  const number = (value: number): string => value.toLocaleString('en-US');
  const sentence =
    entries > most.entries
      ? `${path} holds more than the ${number(most.entries)} entries that are its limit.`
      : `${path} holds at least ${number(bytes)} bytes; its limit is ${number(most.bytes)}.`;
  return new MizerError('E_LIMIT', sentence, {
    hint: 'Raise the limit with `mzr observe root set`, or give the directory a policy that tracks less, such as bundle-subdirs.',
    data: { path, entries, bytes, limit: most },
  });
}
