import { directory } from '../arguments/types.js';
import { declare, optional } from '../declaration.js';

export const init = declare({
  name: 'init',
  summary: 'make a directory a work tree, also one that is no git repository',
  group: 'set',
  description: [
    'A git repository needs no init: its first context makes the store. In a plain directory contexts work without the git parts.',
  ],
  positionals: { directory: optional(directory, 'the directory (default: the current one)') },
  options: {},
  examples: [{ line: 'mzr init ~/data', says: 'contexts of a directory without git' }],
  load: async () => (await import('../actions/init.js')).init,
});
