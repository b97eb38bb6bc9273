import { toBytes, type TreePath } from '../model/tree-path.js';

// oxlint-disable-next-line no-control-regex -- the ASCII range is what is meant
const ascii = /^[\u0000-\u007f]*$/;

/**
 * Where `path` of the tree at `root` is, as a call of `fs` or of the linux room takes it: text where that says the same bytes.
 * @param root an absolute path, as text
 */
export function locate(root: string, path: TreePath): string | Buffer {
  if (ascii.test(path)) return path === '' ? root : `${root}/${path}`;
  return Buffer.concat([Buffer.from(`${root}/`), toBytes(path)]);
}

/** The code of a file system error (`ENOENT`), whether Node or the linux room gave it; of anything else its text. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    if ('data' in error && typeof error.data === 'object' && error.data !== null && 'errno' in error.data) {
      return String(error.data.errno);
    }
    if ('code' in error) return String(error.code);
  }
  return String(error);
}
