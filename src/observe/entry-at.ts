import type { ObjectReader, TreeEntry } from '../git/tree-reader.js';
import type { TreePath } from '../model/tree-path.js';

/** The entry at a path below a tree; the root is an entry without a name. No tree, no entry. */
export async function entryAt(
  reader: ObjectReader,
  tree: string | undefined,
  path: TreePath,
): Promise<TreeEntry | undefined> {
  let found: TreeEntry | undefined = tree === undefined ? undefined : { name: '', mode: '040000', oid: tree };
  for (const part of path === '' ? [] : path.split('/')) {
    if (found?.mode !== '040000') return undefined;
    found = (await reader.tree(found.oid)).find(({ name }) => name === part);
  }
  return found;
}
