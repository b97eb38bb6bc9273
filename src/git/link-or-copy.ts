import { copyFileSync, linkSync } from 'node:fs';

/** Puts `from` at `to` without spending space where both are on one file system. `to` must not exist. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Another file system, too many links, or one that has none.
    copyFileSync(from, to);
  }
}
