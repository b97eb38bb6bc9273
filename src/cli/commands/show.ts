import { contextName } from '../arguments/types.js';
import { declare, required } from '../declaration.js';

export const show = declare({
  name: 'show',
  summary: 'one context in full',
  group: 'look',
  description: ['Where it is, what it stands on, what it changed, its snapshots, limits, and the processes inside.'],
  positionals: { context: required(contextName, 'the context to show') },
  options: {},
  examples: [{ line: 'mzr show review', says: 'everything about the context review' }],
  load: async () => (await import('../actions/show.js')).show,
});
