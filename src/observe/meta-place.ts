import type { ObjectReader, TreeEntry } from '../git/tree-reader.js';
import { MizerError } from '../model/errors.js';
import { join, toDisplay, type TreePath } from '../model/tree-path.js';
import { NOGTREE } from './blob.js';
import { entryAt } from './entry-at.js';
import { type Metadata, parseMetadata } from './meta-blob.js';

/** Where the metadata of a path stands. */
export interface MetadataPlace {
  readonly at: TreePath;
  readonly own: TreeEntry | undefined;
  /** Metadata of a file at or above the path, where there is to be a directory. */
  readonly covering?: { readonly path: TreePath; readonly entry: TreeEntry };
}

/**
 * A directory's metadata is in its `.nogtree`, as in the original. What was said of a file stays where it was when a directory comes in
 * its place, so it is to be moved then.
 * @param directory whether the path is one in the real directory
 */
export async function metadataPlace(
  reader: ObjectReader,
  tree: string | undefined,
  path: TreePath,
  directory: boolean,
): Promise<MetadataPlace> {
  const parts = path === '' ? [] : path.split('/');
  for (let length = 1; length <= parts.length; length += 1) {
    const above = parts.slice(0, length).join('/');
    const entry = await entryAt(reader, tree, above);
    if (entry === undefined) break;
    if (entry.mode === '040000') continue;
    if (above !== path)
      return { at: directory ? join(path, NOGTREE) : path, own: undefined, covering: { path: above, entry } };
    return directory ? { at: join(path, NOGTREE), own: entry, covering: { path, entry } } : { at: path, own: entry };
  }
  const isTree = (await entryAt(reader, tree, path))?.mode === '040000';
  const at = path === '' || directory || isTree ? join(path, NOGTREE) : path;
  return { at, own: await entryAt(reader, tree, at) };
}

/** @throws MizerError `E_META_HURT` */
export async function readMetadata(
  reader: ObjectReader,
  entry: TreeEntry | undefined,
  path: TreePath,
): Promise<Metadata> {
  if (entry === undefined) return {};
  const metadata = parseMetadata((await reader.blob(entry.oid)).toString('utf8'));
  if (metadata !== undefined) return metadata;
  throw new MizerError('E_META_HURT', `The metadata of ${toDisplay(path) || 'the root'} cannot be read.`, {
    group: 'failed',
    hint: `It is blob ${entry.oid} on master-meta of the shadow repository; its lines must be KEY: JSON.`,
    data: { path: toDisplay(path), oid: entry.oid },
  });
}
