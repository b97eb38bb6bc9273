import { contextName } from '../arguments/types.js';
import { declare, required } from '../declaration.js';

export const resume = declare({
  name: 'resume',
  summary: 'thaw the processes in CONTEXT',
  group: 'control',
  description: ['They go on where mzr pause stopped them.'],
  positionals: { context: required(contextName, 'the context to resume') },
  options: {},
  examples: [{ line: 'mzr resume review', says: 'let it go on' }],
  load: async () => (await import('../actions/freeze.js')).resume,
});
