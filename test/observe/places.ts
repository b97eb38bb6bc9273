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
    directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-observe-')));
    fs.chmodSync(directory, 0o755);
  });
  afterEach(() => removeTree(directory));
  return (...parts) => path.join(directory, ...parts);
}

/** Makes directories, with parents. */
export function makeDirectories(root: string, ...paths: string[]): void {
  for (const one of paths) fs.mkdirSync(path.join(root, one), { recursive: true });
}

/** Makes files, with parents. */
export function makeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), content);
  }
}

/** A program of `inside/`, to be run by another process. */
export function program(name: string): string {
  return fileURLToPath(new URL(`./inside/${name}.js`, import.meta.url));
}
