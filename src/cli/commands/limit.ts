import { contextName } from '../arguments/types.js';
import { declare, required } from '../declaration.js';
import { limitOptions } from './make-options.js';

export const limit = declare({
  name: 'limit',
  summary: 'limit what the processes in CONTEXT may use',
  group: 'control',
  description: [
    'Needs control groups that the user may write; mzr doctor says whether there are any. Limits that are not named stay.',
  ],
  positionals: { context: required(contextName, 'the context to limit') },
  options: { ...limitOptions },
  examples: [
    { line: 'mzr limit review --cpu 150% --memory 4G --pids 500', says: 'one and a half cores, 4 GiB, 500 processes' },
  ],
  load: async () => (await import('../actions/limit.js')).limit,
});
