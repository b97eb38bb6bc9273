import { shadowRootOption } from '../../arguments/observe-types.js';
import { enabledPath, patternSource, rootPath } from '../../arguments/root-types.js';
import { declare, list, required } from '../../declaration.js';

export const discover = declare({
  name: 'observe discover',
  summary: 'which directories below ROOT would be observed, are, or are ignored',
  group: 'observe',
  description: [
    'Patterns are lines: repo GLOB (to be observed), superrepo GLOB (to be observed, and so may what is in it), enter GLOB, ignore GLOB. The first that matches a path decides, none: ignore. The root is . and is entered unless the first line speaks of it. Globs are those of Go: * and ? match no slash, there is no **.',
    'Directories only; links are not followed; names that begin with a dot are ignored. What has a shadow repository is reported as known. Without --patterns those of the root as it was added are used.',
  ],
  positionals: { root: required(rootPath, 'where to look') },
  options: {
    patterns: list(patternSource, 'these instead of those of the root; several are put together'),
    enable: list(enabledPath, 'observe this path and N levels below it, whatever the patterns say'),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: "mzr observe discover /data --patterns 'superrepo .' --patterns 'repo lab/*'", says: 'try patterns' },
    {
      line: "mzr observe discover /data --enable '1 incoming'",
      says: 'those of the root, and incoming with all in it',
    },
  ],
  exits: { '1': 'directories could not be read; they are listed' },
  load: async () => (await import('../../actions/observe/discover.js')).discover,
});
