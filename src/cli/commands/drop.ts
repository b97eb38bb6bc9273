import { contextName } from '../arguments/types.js';
import { declare, flag, rest } from '../declaration.js';

export const drop = declare({
  name: 'drop',
  summary: 'remove contexts; refuses while in use or with uncommitted work, unless --force',
  group: 'clean',
  description: [
    'Branches and commits stay: they are in the repository. With --force processes inside are ended, and uncommitted work is archived as a commit first (mzr archives).',
  ],
  positionals: { contexts: rest(contextName, 1, 'the contexts to remove') },
  options: { force: flag('even in use or with uncommitted work', 'f') },
  examples: [
    { line: 'mzr drop review', says: 'remove one context' },
    { line: 'mzr drop --force review other', says: 'remove two, whatever is in them' },
  ],
  load: async () => (await import('../actions/drop.js')).drop,
});
