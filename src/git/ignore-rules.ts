import { nameOf, type TreePath } from '../model/tree-path.js';
import { pathPattern, type PathPattern } from './wildmatch.js';

/** The patterns of one ignore file; gitignore(5). */
export class IgnoreRules {
  readonly #patterns: readonly PathPattern[];

  /** @param text the file's bytes as a byte string */
  constructor(text: string) {
    this.#patterns = text
      .replace(/^\u00ef\u00bb\u00bf/, '')
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => withoutBlanks(line.replace(/\r$/, '')))
      .filter((line) => line !== '')
      .map(pathPattern);
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /**
   * Whether the file has a path ignored, `undefined` where it says nothing of it. Says nothing of the directories above: what is in an
   * ignored directory is ignored whatever stands here.
   * @param path below the directory of the file
   */
  decides(path: TreePath, isDirectory: boolean): boolean | undefined {
    const name = nameOf(path);
    for (let index = this.#patterns.length - 1; index >= 0; index -= 1) {
      const pattern = this.#patterns[index]!;
      if ((isDirectory || !pattern.directoriesOnly) && pattern.matches(path, name)) return !pattern.negative;
    }
    return undefined;
  }
}

/** Blanks at the end go, unless a backslash stands before them. */
function withoutBlanks(line: string): string {
  let end = 0;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1;
    else if (line[at] === ' ') continue;
    end = Math.min(at + 1, line.length);
  }
  return line.slice(0, end);
}
