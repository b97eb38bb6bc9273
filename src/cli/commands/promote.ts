import { contextName } from '../arguments/types.js';
import { declare, required } from '../declaration.js';

export const promote = declare({
  name: 'promote',
  summary: 'its build products become part of the base of new contexts: bank a green build',
  group: 'move',
  description: [
    'Ignored files of CONTEXT go into a new snapshot that contexts are forked from. The host view stays as it is.',
  ],
  positionals: { context: required(contextName, 'the context whose build products to bank') },
  options: {},
  examples: [{ line: 'mzr run --keep=green make && mzr promote green', says: 'build once, fork many times' }],
  load: async () => (await import('../actions/promote.js')).promote,
});
