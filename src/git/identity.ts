import { git } from './run.js';
import type { GitPlace } from './status.js';

/** Variables that say who commits, where git does not know it; none where it does. */
export async function identity(place: GitPlace): Promise<Readonly<Record<string, string>>> {
  const known = await git(['var', 'GIT_COMMITTER_IDENT'], { ...place, answers: [128] });
  const author = await git(['var', 'GIT_AUTHOR_IDENT'], { ...place, answers: [128] });
  if (known.status === 0 && author.status === 0) return {};
  const [name, email] = ['mizer', 'mizer@localhost'];
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}
