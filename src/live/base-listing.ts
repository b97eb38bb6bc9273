import { LiveError } from './errors.js';
import type { Oid } from './ids.js';
import { compareNames, nameFault } from './names.js';
import type { GitEntry } from './provider.js';

/** What an entry is as far as the tree is concerned; a text and a binary are both files. */
export type EntryType = 'directory' | 'file' | 'symlink' | 'submodule';

/** An entry of a base directory. */
export interface BaseEntry {
  readonly name: string;
  /** Git's. */
  readonly mode: number;
  /** `null` only for a directory of a commit that was made here: its id was never computed. */
  readonly oid: Oid | null;
}

/** The entries of one base directory by name, in the order of the names' bytes. */
export type BaseListing = ReadonlyMap<string, BaseEntry>;

const types = new Map<number, EntryType>([
  [0o40000, 'directory'],
  [0o100644, 'file'],
  [0o100755, 'file'],
  [0o120000, 'symlink'],
  [0o160000, 'submodule'],
]);

/** What an entry of this mode is; every mode of a listing is one of git's. */
export function typeOfMode(mode: number): EntryType {
  return types.get(mode) ?? 'file';
}

export function isDirectory(entry: BaseEntry): boolean {
  return entry.mode === 0o40000;
}

/** A listing of entries that are known to be right, in any order. */
export function listingOf(entries: Iterable<BaseEntry>): BaseListing {
  const sorted = Array.from(entries).sort((a, b) => compareNames(a.name, b.name));
  return new Map(sorted.map((entry) => [entry.name, entry]));
}

/**
 * A provider's answer as a listing.
 * @throws LiveError PROVIDER when git cannot hold it; `what` and the entry are named
 */
export function checkedListing(answer: readonly GitEntry[], what: string, oidLength: number): BaseListing {
  if (!Array.isArray(answer)) throw new LiveError('PROVIDER', `${what} is given as no list of entries.`);
  const names = new Set<string>();
  const entries = answer.map((entry: GitEntry): BaseEntry => {
    const fault = entryFault(entry, oidLength) ?? (names.has(entry.name) ? 'it is there twice' : undefined);
    if (fault !== undefined) {
      throw new LiveError(
        'PROVIDER',
        `${what} holds ${JSON.stringify(entry?.name)}, which is no entry of git's: ${fault}.`,
      );
    }
    names.add(entry.name);
    // Git itself wrote 0o100664 in its first weeks, and reads it so.
    return { name: entry.name, mode: entry.mode === 0o100664 ? 0o100644 : entry.mode, oid: entry.oid };
  });
  return listingOf(entries);
}

function entryFault(entry: GitEntry, oidLength: number): string | undefined {
  if (typeof entry?.name !== 'string') return 'it has no name';
  if (entry.mode !== 0o100664 && !types.has(entry.mode)) return `its mode is ${String(entry.mode)}`;
  if (typeof entry.oid !== 'string' || entry.oid.length !== oidLength || !/^[0-9a-f]+$/.test(entry.oid)) {
    return `its object is ${JSON.stringify(entry.oid)}`;
  }
  return nameFault(entry.name);
}
