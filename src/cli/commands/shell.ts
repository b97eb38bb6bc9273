import { newName } from '../arguments/types.js';
import { declare, optional } from '../declaration.js';
import { environmentOption, limitOptions, makeOptions } from './make-options.js';

export const shell = declare({
  name: 'shell',
  summary: 'a shell in CONTEXT, made if new; a generated name if none is given',
  group: 'work',
  description: [
    'Starts $SHELL (else /bin/sh) with the work tree showing CONTEXT at its usual path. A context that does not exist is made; it stays until mzr drop.',
    'To see the context in the prompt and to follow mzr switch, load the shell integration: see mzr help hook.',
    "With --json the shell's standard output goes to standard error, and one document tells how it ended.",
  ],
  positionals: {
    context: optional({ ...newName, placeholder: 'CONTEXT', complete: 'context' }, 'the context to enter'),
  },
  options: { ...makeOptions, ...limitOptions, ...environmentOption },
  examples: [
    { line: 'mzr shell', says: 'fork the work tree and work in the fork' },
    { line: 'mzr shell review --branch feature', says: 'a context with feature checked out' },
    { line: 'mzr shell review', says: 'enter it again, or a second time at once' },
  ],
  exits: { N: "the shell's own status; 128+N when signal N ended it" },
  load: async () => (await import('../actions/shell.js')).shell,
});
