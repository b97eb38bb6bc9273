import { declare, flag } from '../declaration.js';

export const list = declare({
  name: 'list',
  summary: 'contexts: branch, base, age, size on disk, sessions and processes inside',
  group: 'look',
  description: [
    'One line for each context of this work tree; * marks the one you stand in. SIZE is what the context itself holds on disk, without the layers it shares with others.',
  ],
  positionals: {},
  options: { all: flag('hidden contexts of runs too', 'a') },
  examples: [
    { line: 'mzr list', says: 'the contexts of this work tree' },
    { line: 'mzr list --all --json', says: 'with those of runs, for a program' },
  ],
  load: async () => (await import('../actions/list.js')).list,
});
