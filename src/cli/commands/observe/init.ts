import { shadowRootOption } from '../../arguments/observe-types.js';
import { policyName } from '../../arguments/policy-name.js';
import { directory } from '../../arguments/types.js';
import { declare, flag, required, value } from '../../declaration.js';

export const init = declare({
  name: 'observe init',
  summary: 'make the shadow repository of REALDIR',
  group: 'observe',
  description: [
    'Makes an empty shadow repository below the shadow root, under the path of REALDIR. The first mzr observe stat fills it. Nothing is ever written into REALDIR; neither may lie inside the other.',
    'The policy says what is tracked: enter-subdirs every entry, bundle-subdirs the files at the top and each directory there as a sum, ignore-subdirs only the files at the top, ignore-most only README.md and README.txt there. All is counted in any case.',
    'Below a root (see mzr observe root) its limits hold here as well.',
  ],
  positionals: { realdir: required(directory, 'the directory to observe') },
  options: {
    policy: value(
      policyName,
      'what is tracked (default: what the root says, if REALDIR is below one, else enter-subdirs)',
    ),
    noRollup: flag("directories without totals: the bytes of git-fso's own records"),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: 'mzr observe init /data/projects', says: 'track every entry' },
    { line: 'mzr observe init /data --policy bundle-subdirs', says: 'one record for each directory in /data' },
  ],
  load: async () => (await import('../../actions/observe/init.js')).init,
});
