import type { Manifest } from '../model/manifest.js';
import { isWithin, join, nameOf, toText, type TreePath } from '../model/tree-path.js';

/** Entries of one directory that one `cp` copies, each with all below it. */
export interface CopyUnit {
  readonly directory: TreePath;
  readonly names: readonly string[];
}

export interface CopyPlan {
  /** Directories to be made before the units run, parents first. */
  readonly directories: readonly TreePath[];
  readonly units: readonly CopyUnit[];
}

/** Bytes of names in one command line, far below the kernel's limit. */
const ARGUMENT_BYTES = 64 * 1024;

/**
 * Divides a tree into units of about `limit` entries. A directory is divided when it is larger, or holds something excluded. Names that
 * are not UTF-8 are in no unit: a command line cannot carry them.
 */
export function planCopy(tree: Manifest, exclude: readonly TreePath[], limit: number): CopyPlan {
  const directories: TreePath[] = [];
  const units: CopyUnit[] = [];
  const divide = (directory: TreePath): void => {
    let names: string[] = [];
    let bytes = 0;
    let entries = 0;
    const close = (): void => {
      if (names.length > 0) units.push({ directory, names });
      names = [];
      bytes = 0;
      entries = 0;
    };
    for (const child of childrenOf(tree, directory)) {
      const size = child.end - child.start + 1;
      const path = child.path;
      if (toText(path) === undefined) continue;
      // One that holds nothing but what is excluded looks empty here.
      const holdsExcluded = child.isDirectory && exclude.some((excluded) => isWithin(excluded, path));
      if (holdsExcluded || (size > 1 && size > limit)) {
        directories.push(path);
        divide(path);
        continue;
      }
      names.push(nameOf(path));
      bytes += path.length;
      entries += size;
      if (bytes > ARGUMENT_BYTES || entries > limit) close();
    }
    close();
  };
  divide('');
  return { directories, units };
}

interface Child {
  readonly path: TreePath;
  readonly isDirectory: boolean;
  /** Rows of what is below it. */
  readonly start: number;
  readonly end: number;
}

/** What lies directly in `directory`, each with the rows below it; these are found by search, not by passing over them. */
function* childrenOf(tree: Manifest, directory: TreePath): Generator<Child, void, undefined> {
  const { start, end } = tree.below(directory);
  const prefix = directory === '' ? 0 : directory.length + 1;
  for (let row = start; row < end;) {
    const path = tree.path(row);
    const slash = path.indexOf('/', prefix);
    if (slash >= 0) {
      row = tree.below(join(directory, path.slice(prefix, slash))).end;
      continue;
    }
    const isDirectory = tree.kind(row) === 'directory';
    yield { path, isDirectory, ...(isDirectory ? tree.below(path) : { start: row, end: row }) };
    row += 1;
  }
}
