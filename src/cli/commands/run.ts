import { newName, word } from '../arguments/types.js';
import { declare, optionalValue, rest } from '../declaration.js';
import { environmentOption, limitOptions, makeOptions } from './make-options.js';

export const run = declare({
  name: 'run',
  summary: 'run COMMAND in a fresh fork of the work tree; dropped afterwards unless kept',
  group: 'work',
  description: [
    'Forks the work tree with all its build products, runs COMMAND at the same path in the fork, and drops the fork when the command ends. Edits in the host view do not disturb the command, and its writes do not show in the host view.',
    'Options end at the first word that is none: everything from COMMAND on belongs to the command. Without a name the context gets a readable one and is hidden from mzr list without --all. One that was named stays.',
    "With --json the command's standard output goes to standard error, and one document tells how it ended.",
  ],
  positionals: { command: rest(word, 1, 'the command to run, with its arguments') },
  options: {
    keep: optionalValue(newName, 'keep the context afterwards, under NAME or the generated name'),
    ...makeOptions,
    ...limitOptions,
    ...environmentOption,
  },
  passesOn: true,
  examples: [
    { line: 'mzr run make -j2 test', says: 'test a frozen copy while you go on editing' },
    { line: 'mzr run --keep=try-upgrade -- npm update', says: 'keep what it did, to look at and apply' },
    { line: 'mzr run --at main --cpu 100% -- make', says: 'build main on one core, beside your own work' },
  ],
  exits: {
    N: "the command's own status; 128+N when signal N ended it",
    '126': 'COMMAND cannot be executed',
    '127': 'COMMAND was not found',
  },
  load: async () => (await import('../actions/run.js')).run,
});
