import { enabledPath, limit, patternSource, policySource, rootPath } from '../../arguments/root-types.js';
import { declare, type Family, list, optional, required } from '../../declaration.js';

const settings = {
  patterns: list(patternSource, 'which directories; see mzr observe discover (without any: ROOT itself)'),
  enable: list(enabledPath, 'observe this path and N levels below it, whatever the patterns say'),
  policy: list(policySource, 'what new shadow repositories track (without any: enter-subdirs)'),
  limit: list(limit, 'refuse to make one where more is, below ROOT or below a prefix of it'),
};

const about =
  'An init policy is lines POLICY GLOB, of which the first that matches decides (none: ignore-most), or one policy for all. A limit counts what the policy lets grow: all there is with enter-subdirs, the entries of the directory itself with bundle-subdirs and ignore-subdirs. Of several the longest prefix decides.';

const add = declare({
  name: 'observe root add',
  summary: 'have what lies below ROOT found and observed by mzr observe run',
  group: 'observe',
  description: [about, 'Where roots are nested, the longest decides.'],
  positionals: { root: required(rootPath, 'the directory; it may be a link') },
  options: settings,
  examples: [
    {
      line: 'mzr observe root add /data --policy bundle-subdirs',
      says: '/data itself, a record for each directory in it',
    },
    {
      line: 'mzr observe root add /data --patterns data.patterns --limit entries=5000000',
      says: 'by a file of lines, none with more than five million entries',
    },
  ],
  load: async () => (await import('../../actions/observe/root.js')).add,
});

const show = declare({
  name: 'observe root list',
  summary: 'the roots, and of each shadow repository when it was last true',
  group: 'observe',
  description: [
    'What mzr observe run learned: when each directory was last looked at to the end, what could not be read, what failed and when it is tried again.',
  ],
  positionals: { root: optional(rootPath, 'this root only') },
  options: {},
  examples: [
    { line: 'mzr observe root list', says: 'all of them' },
    { line: 'mzr observe root list --json | jq ".roots[].shadows[] | select(.failures > 0)"', says: 'what fails' },
  ],
  load: async () => (await import('../../actions/observe/root.js')).show,
});

const set = declare({
  name: 'observe root set',
  summary: 'change what is said of ROOT',
  group: 'observe',
  description: [
    'What is given replaces what the root had of it, the rest stays; the word none takes it away. Shadow repositories that exist keep their policy; mzr observe reinit changes that.',
    about,
  ],
  positionals: { root: required(rootPath, 'the root') },
  options: settings,
  examples: [
    { line: 'mzr observe root set /data --limit entries=9000000 --limit tmp:entries=1000', says: 'other limits' },
    { line: 'mzr observe root set /data --enable none', says: 'no enabled paths any more' },
  ],
  load: async () => (await import('../../actions/observe/root.js')).set,
});

const remove = declare({
  name: 'observe root remove',
  summary: 'forget ROOT; its shadow repositories stay',
  group: 'observe',
  description: ['Nothing that was recorded is lost: mzr observe ls and growth answer as before.'],
  positionals: { root: required(rootPath, 'the root') },
  options: {},
  examples: [{ line: 'mzr observe root remove /data', says: 'mzr observe run leaves it alone from now on' }],
  load: async () => (await import('../../actions/observe/root.js')).remove,
});

export const root: Family = {
  name: 'observe root',
  summary: 'roots: below which directories are found and observed',
  group: 'observe',
  description: ['Roots are kept for the user who adds them.'],
  members: [add, show, set, remove],
};
