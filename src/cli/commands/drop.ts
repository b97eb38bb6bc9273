import { droppable } from '../arguments/types.js';
import { declare, flag, rest } from '../declaration.js';

export const drop = declare({
  name: 'drop',
  summary: 'remove contexts and snapshots; refuses while in use or with uncommitted work, unless --force',
  group: 'clean',
  description: [
    'Branches and commits stay: they are in the repository. With --force processes inside are ended, and uncommitted work is archived as a commit first (mzr archives).',
    'A snapshot that was asked for takes --force, as nothing of it is archived; contexts that stand on it stay.',
  ],
  positionals: { contexts: rest(droppable, 1, 'the contexts to remove') },
  options: { force: flag('even in use or with uncommitted work', 'f') },
  examples: [
    { line: 'mzr drop review', says: 'remove one context' },
    { line: 'mzr drop --force review other', says: 'remove two, whatever is in them' },
    { line: 'mzr drop --force 2611210915021234567', says: 'keep a snapshot no longer (mzr snapshots lists them)' },
  ],
  load: async () => (await import('../actions/drop.js')).drop,
});
