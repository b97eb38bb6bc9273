import { declare } from '../declaration.js';

export const gc = declare({
  name: 'gc',
  summary: 'expire and compact',
  group: 'clean',
  description: [
    'Drops what is provably empty, applied or reachable, and kept runs that were forgotten; archives anything else first. Removes snapshots nobody stands on and compacts deep stacks of layers.',
  ],
  positionals: {},
  options: {},
  examples: [{ line: 'mzr gc', says: 'free the space that nothing needs' }],
  load: async () => (await import('../actions/gc.js')).gc,
});
