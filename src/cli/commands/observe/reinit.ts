import { observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { policyName } from '../../arguments/policy-name.js';
import { declare, optional, value } from '../../declaration.js';

export const reinit = declare({
  name: 'observe reinit',
  summary: 'change what is tracked',
  group: 'observe',
  description: [
    'Commits the files of the policy to master-stub, over what was changed there by hand, and merges them into the other branches. The next mzr observe stat leaves exactly what the policy tracks.',
  ],
  positionals: { place: optional(observedPath, 'REALDIR or its shadow repository (default: the current directory)') },
  options: {
    policy: value(policyName, 'what is tracked from now on'),
    shadowRoot: shadowRootOption,
  },
  examples: [{ line: 'mzr observe reinit /data --policy enter-subdirs', says: 'from now on every entry' }],
  load: async () => (await import('../../actions/observe/reinit.js')).reinit,
});

export const applyStub = declare({
  name: 'observe apply-stub',
  summary: 'take over rules that were changed by hand',
  group: 'observe',
  description: [
    'Merges what was committed on master-stub (.gitignore, .gitattributes, .nogbundles in the shadow repository, edited and committed with git) into the other branches. The next mzr observe stat heeds it.',
  ],
  positionals: { place: optional(observedPath, 'REALDIR or its shadow repository (default: the current directory)') },
  options: { shadowRoot: shadowRootOption },
  examples: [{ line: 'mzr observe apply-stub /data', says: 'after git commit in its shadow repository' }],
  load: async () => (await import('../../actions/observe/reinit.js')).applyStub,
});
