import { contextName, cpuShare, liftable, memorySize, processCount } from '../arguments/types.js';
import { declare, required, value } from '../declaration.js';
import { limitOptions } from './make-options.js';

export const limit = declare({
  name: 'limit',
  summary: 'limit what the processes in CONTEXT may use',
  group: 'control',
  description: [
    'Needs control groups that the user may write; mzr doctor says whether there are any. Limits that are not named stay.',
  ],
  positionals: { context: required(contextName, 'the context to limit') },
  options: {
    cpu: value(liftable(cpuShare), limitOptions.cpu.summary),
    memory: value(liftable(memorySize), limitOptions.memory.summary),
    pids: value(liftable(processCount), limitOptions.pids.summary),
  },
  examples: [
    { line: 'mzr limit review --cpu 150% --memory 4G --pids 500', says: 'one and a half cores, 4 GiB, 500 processes' },
    { line: 'mzr limit review --memory max', says: 'take the limit of memory away' },
  ],
  load: async () => (await import('../actions/limit.js')).limit,
});
