import { symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git } from '../git/run.js';
import type { FilePath } from './tree-files.js';

/** Exit statuses of git-merge-file(1) that are answers: the number of conflicts, or -1 for what is no text. */
const answers = [...Array.from({ length: 127 }, (_, index) => index + 1), 255];

/** Merges texts three ways with git-merge-file(1). `undefined`: there are conflicts, or a file is no text. */
export async function mergeFiles(base: FilePath, ours: FilePath, theirs: FilePath): Promise<Buffer | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'mizer-merge-'));
  try {
    // By links, because arguments are text and names are bytes.
    for (const [name, path] of Object.entries({ base, ours, theirs })) symlinkSync(path, join(directory, name));
    const { status, stdout } = await git(['merge-file', '-p', '-q', 'ours', 'base', 'theirs'], {
      cwd: directory,
      answers,
    });
    return status === 0 ? stdout : undefined;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
