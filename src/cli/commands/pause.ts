import { contextName } from '../arguments/types.js';
import { declare, required } from '../declaration.js';

export const pause = declare({
  name: 'pause',
  summary: 'freeze every process in CONTEXT',
  group: 'control',
  description: ['The processes stay in memory and use no processor until mzr resume.'],
  positionals: { context: required(contextName, 'the context to pause') },
  options: {},
  examples: [{ line: 'mzr pause review', says: 'stop it for a while' }],
  load: async () => (await import('../actions/freeze.js')).pause,
});
