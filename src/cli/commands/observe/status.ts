import { observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { declare, flag, optional } from '../../declaration.js';

export const status = declare({
  name: 'observe status',
  summary: 'what a stat would record',
  group: 'observe',
  description: [
    'Looks at every entry of REALDIR and compares with master-stat; writes nothing. A letter and a path a line: ? new, M modified, D deleted; a directory, named with a slash, when its own time changed; . for REALDIR itself.',
  ],
  positionals: { place: optional(observedPath, 'REALDIR or its shadow repository (default: the current directory)') },
  options: {
    null: flag('end paths with NUL and quote none', 'z'),
    oneFileSystem: flag('do not enter directories on which other file systems are mounted'),
    respectGitignore: flag("leave out what the directory's own .gitignore files name"),
    exitCode: flag('status 1 when there are differences'),
    shadowRoot: shadowRootOption,
  },
  examples: [{ line: 'mzr observe status /data/projects', says: 'what changed since the last stat' }],
  exits: { '1': 'something could not be read, or there are differences (with --exit-code)', '130': 'ended by SIGINT' },
  load: async () => (await import('../../actions/observe/status.js')).status,
});
