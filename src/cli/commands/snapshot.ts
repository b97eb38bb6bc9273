import { contextName } from '../arguments/types.js';
import { declare, value } from '../declaration.js';

export const snapshot = declare({
  name: 'snapshot',
  summary: 'take an immutable snapshot of the work tree or of a context',
  group: 'move',
  description: [
    'A snapshot is a state of the tree with its build products. Contexts can be forked from it (--from) and taken back to it (mzr rewind). Only what changed since the last one is copied.',
  ],
  positionals: {},
  options: { of: value(contextName, 'of this context (default: the one you stand in, else the host view)') },
  examples: [
    { line: 'mzr snapshot', says: 'of the work tree as it is now' },
    { line: 'mzr snapshot --of review', says: 'of a context, to go back to' },
  ],
  load: async () => (await import('../actions/snapshot.js')).snapshot,
});
