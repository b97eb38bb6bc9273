import { declare } from '../declaration.js';

export const snapshots = declare({
  name: 'snapshots',
  summary: 'list the snapshots, with lineage',
  group: 'look',
  description: [
    'Oldest first; each snapshot stands above those that were made upon it, which are indented where there are several. promoted: by mzr promote.',
  ],
  positionals: {},
  options: {},
  examples: [{ line: 'mzr snapshots', says: 'the snapshots of this work tree' }],
  load: async () => (await import('../actions/snapshots.js')).snapshots,
});
