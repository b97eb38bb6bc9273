import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './run.js';

/** With more packs than this every look-up has to ask too many of them. */
const enough = 24;

/**
 * Joins packs when there are many, so that each is at least twice as large as all smaller ones together: what is large is seldom copied.
 * Takes loose objects in. Nothing is lost however it ends; git-repack(1).
 */
export async function joinPacks(gitDir: string): Promise<void> {
  if (readdirSync(join(gitDir, 'objects/pack')).filter((name) => name.endsWith('.idx')).length <= enough) return;
  const settings = ['-c', 'repack.writeBitmaps=false', '-c', 'pack.writeReverseIndex=false'];
  await git([...settings, `--git-dir=${gitDir}`, 'repack', '-d', '-q', '--geometric=2'], {
    cwd: gitDir,
    mayWrite: true,
  });
}
