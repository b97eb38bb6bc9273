import { choice } from '../arguments/types.js';
import { declare, flag, required } from '../declaration.js';

export const daemon = declare({
  name: 'daemon',
  summary: 'the process that holds the mounts and watches: status, stop, log',
  group: 'set',
  description: [
    'The daemon is started by the first command that needs it. status says what it holds (without starting one), stop ends it (contexts and the sessions in them stay; the next command starts it again), log prints its log.',
  ],
  positionals: { action: required(choice('status|stop|log', ['status', 'stop', 'log']), 'what to do') },
  options: { force: flag('stop even while commands are awaited', 'f') },
  examples: [
    { line: 'mzr daemon status', says: 'is it there, and is its watch trusted' },
    { line: 'mzr daemon stop', says: 'end it' },
  ],
  exits: { '1': 'no daemon runs (status)' },
  load: async () => (await import('../actions/daemon.js')).daemon,
});
