import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { removeTree } from '../../src/disk/remove-tree.js';

/** A fresh directory for each test of the file that calls this. */
export function freshDirectory(): (...parts: string[]) => string {
  let directory = '';
  beforeEach(() => {
    directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-disk-')));
  });
  afterEach(() => {
    // Unlike `fs.rmSync`, also as an ordinary user rid of directories that are closed.
    removeTree(directory);
  });
  return (...parts) => path.join(directory, ...parts);
}

/** Where `tree` at `root` has the byte string `at`. */
export function bytesOf(root: string, at: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(at, 'latin1')]);
}

/** A program of `inside/`, to be run by another process. */
export function program(name: string): string {
  return fileURLToPath(new URL(`./inside/${name}.js`, import.meta.url));
}

/** The code of what `action` throws, `undefined` if it does not. */
export async function codeOfThrown(action: () => unknown): Promise<unknown> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
}
