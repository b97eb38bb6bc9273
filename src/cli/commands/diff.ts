import { contextName, path } from '../arguments/types.js';
import { declare, flag, required, rest } from '../declaration.js';

export const diff = declare({
  name: 'diff',
  summary: 'what CONTEXT changed since its base',
  group: 'look',
  description: [
    'Lists the paths that differ from the snapshot the context was made of: A added, D deleted, M modified, T of another type. Ignored files are left out without --ignored. The status is 0 whether or not there are differences, unless --exit-code is given.',
  ],
  positionals: {
    context: required(contextName, 'the context to look at'),
    paths: rest(path, 0, 'only what lies at or below these paths'),
  },
  options: {
    stat: flag('lines added and deleted, by file'),
    nameStatus: flag('a letter and a path a line, never in colour (the default adds colours)'),
    patch: flag("the differences themselves, as git's", 'p'),
    null: flag('end paths with NUL and quote none; implies --name-status', 'z'),
    ignored: flag('ignored files (build products) too'),
    exitCode: flag('status 1 when there are differences'),
  },
  examples: [
    { line: 'mzr diff review', says: 'which files it changed' },
    { line: 'mzr diff --patch review src | git apply', says: 'take over the changes of one directory by hand' },
    { line: 'mzr diff --exit-code review', says: 'ask whether there is anything to apply' },
  ],
  exits: { '1': 'there are differences (with --exit-code)' },
  load: async () => (await import('../actions/diff.js')).diff,
});
