import type { TreePath } from '../model/tree-path.js';

/**
 * `.nogbundles`: a pattern a line for directories that may be bundles. Blanks around a line and one leading and trailing slash are
 * dropped, `#` begins a comment; `*` is anything without slash, `**` anything, `?` any one character; all else stands for itself.
 */
export class BundlePatterns {
  readonly #patterns: readonly RegExp[];

  /** @param text a byte string */
  constructor(text: string) {
    this.#patterns = text
      .split('\n')
      .map((line) => line.replace(/^[ \t]+|[ \t\r]+$/g, ''))
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => toRegExp(line.replace(/^\//, '').replace(/\/$/, '')));
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** Whether the directory matches; one is only asked about where the directory above it matches, or is the root. */
  matches(path: TreePath): boolean {
    return this.#patterns.some((pattern) => pattern.test(path));
  }
}

function toRegExp(pattern: string): RegExp {
  const text = pattern.replace(/\*\*|\*|\?|[^*?]/g, (part) => {
    if (part === '**') return '[^]*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^]' : `\\x${part.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return new RegExp(`^${text}$`);
}
