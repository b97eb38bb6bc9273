import { contextName, snapshotName } from '../arguments/types.js';
import { declare, required } from '../declaration.js';

export const rewind = declare({
  name: 'rewind',
  summary: 'a context goes back to one of its snapshots',
  group: 'move',
  description: ['What the context was is snapshotted first, so a rewind can itself be rewound.'],
  positionals: {
    context: required(contextName, 'the context to take back'),
    snapshot: required(snapshotName, 'one of its snapshots, as mzr show lists them'),
  },
  options: {},
  examples: [{ line: 'mzr rewind review s-7f3a', says: 'back to the snapshot s-7f3a' }],
  load: async () => (await import('../actions/rewind.js')).rewind,
});
