import { shadowRootOption } from '../../arguments/observe-types.js';
import { duration, jobCount, rootPath } from '../../arguments/root-types.js';
import { declare, flag, rest, value } from '../../declaration.js';

export const run = declare({
  name: 'observe run',
  summary: 'find what is to be observed below the roots and bring it up to date',
  group: 'observe',
  description: [
    'Makes shadow repositories that are missing, with the policy of the root, and does mzr observe stat for all. With --every for ever: SIGINT or SIGTERM ends it; what is being looked at then stays as it was before. Changes of the roots are seen in the next round.',
    'What fails keeps nothing else from being done, and is tried again in later rounds after longer and longer times, a day at most. mzr observe root list says how each directory stands.',
  ],
  positionals: { roots: rest(rootPath, 0, 'these roots only (default: all that were added)') },
  options: {
    every: value(duration, 'again and again, this long from start to start'),
    oneFileSystem: flag('do not enter directories on which other file systems are mounted'),
    respectGitignore: flag("leave out what the directories' own .gitignore files name"),
    jobs: value(jobCount, 'how many directories are looked at at the same time (default: 1)'),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: 'mzr observe run', says: 'once, all roots' },
    { line: 'mzr observe run --every 10m --jobs 4', says: 'for ever, as a service' },
  ],
  exits: {
    '1': 'something could not be read, or has failed; it is listed',
    '130': 'ended by SIGINT before it was done',
  },
  streams: true,
  load: async () => (await import('../../actions/observe/run.js')).run,
});
