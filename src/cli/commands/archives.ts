import { declare } from '../declaration.js';

export const archives = declare({
  name: 'archives',
  summary: 'work that was archived when its context went, and how to restore it',
  group: 'clean',
  description: [
    'An archive is a commit under refs/mizer/archive/ that holds the tracked and untracked changes of a context. Any git command reads it; mzr shell --at makes a context of it; git update-ref -d forgets it.',
  ],
  positionals: {},
  options: {},
  examples: [
    { line: 'mzr archives', says: 'what there is' },
    { line: 'mzr shell again --at refs/mizer/archive/review', says: 'a context with the files of an archive' },
  ],
  load: async () => (await import('../actions/archives.js')).archives,
});
