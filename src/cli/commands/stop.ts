import { contextName } from '../arguments/types.js';
import { declare, required } from '../declaration.js';

export const stop = declare({
  name: 'stop',
  summary: 'end every process in CONTEXT',
  group: 'control',
  description: ['Every process that sees the context is ended; the context and its files stay.'],
  positionals: { context: required(contextName, 'the context to stop') },
  options: {},
  examples: [{ line: 'mzr stop review', says: 'end what runs there' }],
  load: async () => (await import('../actions/freeze.js')).stop,
});
