import { git } from './run.js';

/**
 * Makes the work tree at `directory` that of a commit: its tracked files, without what is neither tracked nor ignored; with `alsoIgnored`
 * without build products either. HEAD moves with it. Files that are right already keep their times.
 * @throws MizerError `E_GIT`
 */
export async function resetTo(
  directory: string,
  commit: string,
  { alsoIgnored }: { readonly alsoIgnored: boolean },
): Promise<void> {
  await git(['reset', '--hard', '--quiet', commit], { cwd: directory, mayWrite: true });
  await git(['clean', '-ffdq', ...(alsoIgnored ? ['-x'] : [])], { cwd: directory, mayWrite: true });
}
