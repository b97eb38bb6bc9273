import { jsonString, parseJsonString } from './blob-name.js';

/**
 * What is known about a tree: itself among `dirs`, and all below it. `size` sums the bytes of regular files, each inode once; links and
 * others add nothing to it.
 */
export interface Totals {
  readonly dirs: number;
  readonly files: number;
  readonly links: number;
  readonly others: number;
  readonly size: bigint;
}

/** A regular file on `master-stat`. */
export interface FileRecord {
  readonly kind: 'file';
  /** The base name, a byte string as in a `TreePath`. */
  readonly name: string;
  readonly size: bigint;
  /** Seconds since 1970, rounded down; may be negative. */
  readonly mtime: number;
}

/** `<directory>/.nogtree`; without `totals` where `fso.rollup` is false. */
export interface DirectoryRecord {
  readonly kind: 'directory';
  readonly name: string;
  readonly mtime: number;
  readonly totals?: Totals;
}

/** What the `.git` of a real directory holds that is itself a repository with a commit. */
export interface GitDirectory {
  /** The commit of its HEAD. */
  readonly head: string;
  readonly mtime: number;
  readonly totals: Totals;
}

/** `.nogtree` of the root. */
export interface RootRecord {
  readonly kind: 'root';
  readonly mtime: number;
  readonly totals: Totals;
  /** The least and greatest mtime of all there is, the root included. */
  readonly mtimeMin: number;
  readonly mtimeMax: number;
  /** `i` where the directory is immutable (chattr(1)). */
  readonly attrs: '' | 'i';
  readonly git?: GitDirectory;
}

/** A directory that is tracked as one blob. */
export interface BundleRecord {
  readonly kind: 'bundle';
  readonly name: string;
  readonly mtime: number;
  readonly totals: Totals;
}

/** A nested git repository that has a commit. */
export interface SubmoduleRecord {
  readonly kind: 'submodule';
  readonly name: string;
  readonly mtime: number;
  readonly totals: Totals;
  readonly commit: string;
}

/** A regular file on `master-sha`. */
export interface ShaRecord {
  readonly kind: 'sha';
  readonly name: string;
  readonly size: bigint;
  readonly sha1: string;
  readonly sha256: string;
}

/** A directory or bundle on `master-sha`. */
export interface NameRecord {
  readonly kind: 'name';
  readonly name: string;
}

export type BlobRecord =
  | FileRecord
  | DirectoryRecord
  | RootRecord
  | BundleRecord
  | SubmoduleRecord
  | ShaRecord
  | NameRecord;

/** The name of the blob that speaks of the directory it is in. */
export const NOGTREE = '.nogtree';

/** A record's bytes, as a byte string. */
export function formatRecord(record: BlobRecord): string {
  switch (record.kind) {
    case 'file':
      return fileText(record.name, record.size, record.mtime);
    case 'directory':
      return nameAndTime(record) + (record.totals === undefined ? '' : totalsText(record.totals));
    case 'root':
      return rootText(record);
    case 'bundle':
      return nameAndTime(record) + totalsText(record.totals);
    case 'submodule':
      return `${nameAndTime(record)}${totalsText(record.totals)}submodule: "${record.commit}"\n`;
    case 'sha':
      return `name: ${jsonString(record.name)}\nsize: ${record.size}\nsha1: "${record.sha1}"\nsha256: "${record.sha256}"\n`;
    case 'name':
      return `name: ${jsonString(record.name)}\n`;
  }
}

/** The same for a file, of which there may be millions. */
export function fileText(name: string, size: number | bigint, mtime: number): string {
  return `name: ${jsonString(name)}\nsize: ${size}\nmtime: ${mtime}\n`;
}

function nameAndTime({ name, mtime }: { readonly name: string; readonly mtime: number }): string {
  return `name: ${jsonString(name)}\nmtime: ${mtime}\n`;
}

function totalsText({ dirs, files, links, others, size }: Totals, prefix = ''): string {
  return `${prefix}dirs: ${dirs}\n${prefix}files: ${files}\n${prefix}links: ${links}\n${prefix}others: ${others}\n${prefix}size: ${size}\n`;
}

function rootText({ mtime, totals, mtimeMin, mtimeMax, attrs, git }: RootRecord): string {
  const own = `${nameAndTime({ name: 'root', mtime })}${totalsText(totals)}mtime_min: ${mtimeMin}\nmtime_max: ${mtimeMax}\nattrs: "${attrs}"\n`;
  if (git === undefined) return own;
  return `${own}git: "${git.head}"\ngit_mtime: ${git.mtime}\n${totalsText(git.totals, 'git_')}`;
}

/**
 * What the bytes of a record say; lines that are not known are passed over.
 * @param place whether the blob is a `.nogtree` or stands at the path of what it speaks of: a directory's totals and a bundle's look alike
 * @returns `undefined` where it is no record
 */
export function parseRecord(bytes: Uint8Array, place: 'nogtree' | 'path'): BlobRecord | undefined {
  const lines = linesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  const name = parseJsonString(lines.get('name') ?? '');
  if (name === undefined) return undefined;
  const mtime = integer(lines.get('mtime'));
  const size = natural(lines.get('size'));
  const [sha1, sha256] = [quoted(lines.get('sha1')), quoted(lines.get('sha256'))];
  if (mtime === undefined) {
    if (size === undefined) return { kind: 'name', name };
    return sha1 === undefined || sha256 === undefined ? undefined : { kind: 'sha', name, size, sha1, sha256 };
  }
  const totals = totalsOf(lines, '');
  if (place === 'nogtree') return rootOf(lines, mtime, totals) ?? directory(name, mtime, totals);
  const commit = quoted(lines.get('submodule'));
  if (totals === undefined) return size === undefined ? undefined : { kind: 'file', name, size, mtime };
  return commit === undefined
    ? { kind: 'bundle', name, mtime, totals }
    : { kind: 'submodule', name, mtime, totals, commit };
}

function directory(name: string, mtime: number, totals: Totals | undefined): DirectoryRecord {
  return { kind: 'directory', name, mtime, ...(totals === undefined ? {} : { totals }) };
}

function rootOf(lines: Lines, mtime: number, totals: Totals | undefined): RootRecord | undefined {
  const [mtimeMin, mtimeMax] = [integer(lines.get('mtime_min')), integer(lines.get('mtime_max'))];
  const attrs = quoted(lines.get('attrs'));
  if (totals === undefined || mtimeMin === undefined || mtimeMax === undefined || attrs === undefined) return undefined;
  const head = quoted(lines.get('git'));
  const gitTime = integer(lines.get('git_mtime'));
  const gitTotals = totalsOf(lines, 'git_');
  const git =
    head === undefined || gitTime === undefined || gitTotals === undefined
      ? {}
      : { git: { head, mtime: gitTime, totals: gitTotals } };
  return { kind: 'root', mtime, totals, mtimeMin, mtimeMax, attrs: attrs === 'i' ? 'i' : '', ...git };
}

type Lines = ReadonlyMap<string, string>;

/** Values by key. A name holds no line feed: JSON escapes it. */
function linesOf(text: string): Lines {
  const lines = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) lines.set(line.slice(0, colon), line.slice(colon + 2));
  }
  return lines;
}

function totalsOf(lines: Lines, prefix: string): Totals | undefined {
  const [dirs, files, links, others] = ['dirs', 'files', 'links', 'others'].map((key) =>
    integer(lines.get(prefix + key)),
  );
  const size = natural(lines.get(`${prefix}size`));
  if (dirs === undefined || files === undefined || links === undefined || others === undefined || size === undefined)
    return undefined;
  return { dirs, files, links, others, size };
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function natural(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

function quoted(text: string | undefined): string | undefined {
  return /^"([^"\\]*)"$/.exec(text ?? '')?.[1];
}
