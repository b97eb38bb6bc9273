import { contextName, path } from '../arguments/types.js';
import { declare, flag, required, rest, value } from '../declaration.js';

export const apply = declare({
  name: 'apply',
  summary: 'bring the changes of CONTEXT into the host view',
  group: 'move',
  description: [
    'Three states decide each path: the base, the host view now, the context. Untouched in the host view: the context is taken. Changed alike on both sides: nothing to do. Changed differently: a conflict, or with --merge a three-way merge of text.',
    'All conflicts are listed before anything is written; then all is written or nothing is.',
  ],
  positionals: {
    context: required(contextName, 'the context whose changes to bring'),
    paths: rest(path, 0, 'only what lies at or below these paths'),
  },
  options: {
    into: value(contextName, 'into this context instead of the host view'),
    dryRun: flag('say what would be done, and do nothing', 'n'),
    merge: flag('merge text that was changed on both sides'),
    ignored: flag('ignored files (build products) too'),
  },
  examples: [
    { line: 'mzr apply --dry-run review', says: 'see what would be written, and the conflicts' },
    { line: 'mzr apply review src docs', says: 'two directories only' },
    { line: 'mzr apply --merge review --into other', says: 'from one context into another' },
  ],
  exits: { '1': 'there are conflicts; nothing was written' },
  load: async () => (await import('../actions/apply.js')).apply,
});
