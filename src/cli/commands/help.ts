import { declare, rest } from '../declaration.js';

export const help = declare({
  name: 'help',
  summary: 'all commands, or one command with its options and examples',
  group: 'set',
  description: ['mzr COMMAND --help says the same.'],
  positionals: {
    command: rest(
      { placeholder: 'COMMAND', expected: 'a command of mzr', parse: (text) => text, complete: 'subcommand' },
      0,
      'the command to explain',
    ),
  },
  options: {},
  examples: [
    { line: 'mzr help run', says: 'everything about mzr run' },
    { line: 'mzr help observe ls', says: 'about a command of a family' },
  ],
  load: async () => (await import('../actions/help.js')).help,
});
