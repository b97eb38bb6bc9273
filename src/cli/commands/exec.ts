import { contextName, word } from '../arguments/types.js';
import { declare, required, rest } from '../declaration.js';
import { environmentOption, limitOptions } from './make-options.js';

export const exec = declare({
  name: 'exec',
  summary: 'run COMMAND in a context that exists',
  group: 'work',
  description: [
    'Becomes COMMAND inside CONTEXT: no process of mizer stays behind, signals and the terminal work as without it.',
    'Options stand before CONTEXT; everything after it belongs to the command.',
    "With --json the command's standard output goes to standard error, and one document tells how it ended.",
  ],
  positionals: {
    context: required(contextName, 'the context to run it in'),
    command: rest(word, 1, 'the command to run, with its arguments'),
  },
  options: { ...limitOptions, ...environmentOption },
  passesOn: true,
  examples: [
    { line: 'mzr exec review -- git status', says: 'what is changed there' },
    { line: 'mzr exec --memory 2G review make', says: 'build there, within 2 GiB' },
  ],
  exits: {
    N: "the command's own status; 128+N when signal N ended it",
    '126': 'COMMAND cannot be executed',
    '127': 'COMMAND was not found',
  },
  load: async () => (await import('../actions/exec.js')).exec,
});
