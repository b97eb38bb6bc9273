import { observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { declare, flag, optional } from '../../declaration.js';

export const stat = declare({
  name: 'observe stat',
  summary: 'look at the directory and record what is new',
  group: 'observe',
  description: [
    'Looks at every entry of REALDIR and commits what changed to master-stat, together with the totals of all directories. The commit appears at the end; interrupted, nothing has happened. Without a change there is no commit.',
    'What cannot be read keeps its last record, is listed, and is kept as a git note on the commit; the status is then 1.',
    'A directory that is immutable (chattr +i), and was recorded so, is not looked at again without --force.',
  ],
  positionals: { place: optional(observedPath, 'REALDIR or its shadow repository (default: the current directory)') },
  options: {
    force: flag('look at an immutable directory too, and record one that is gone as empty'),
    mtimeRange: flag("accepted for git-fso's sake: the range of times is always brought up to date"),
    mtimeRangeOnly: flag("record nothing but the root's totals and range of times"),
    oneFileSystem: flag('do not enter directories on which other file systems are mounted'),
    respectGitignore: flag("leave out what the directory's own .gitignore files name"),
    noWait: flag('fail when another is writing this branch, instead of waiting'),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: 'mzr observe stat /data/projects', says: 'bring it up to date' },
    { line: 'mzr observe stat --one-file-system /srv', says: 'without what is mounted below it' },
  ],
  exits: { '1': 'something could not be read; it is listed', '130': 'ended by SIGINT' },
  load: async () => (await import('../../actions/observe/stat.js')).stat,
});
