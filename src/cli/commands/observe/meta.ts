import { assignment, metadataKey, observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { branchName } from '../../arguments/types.js';
import { declare, type Family, optional, required, rest, value } from '../../declaration.js';

const get = declare({
  name: 'observe meta get',
  summary: 'the metadata of a path',
  group: 'observe',
  description: [
    'A line for each key, KEY: JSON. With --json the commit of master-meta stands beside it, for mzr observe meta set --expect.',
  ],
  positionals: {
    path: required(observedPath, 'of what'),
    keys: rest(metadataKey, 0, 'only these'),
  },
  options: { shadowRoot: shadowRootOption },
  examples: [{ line: 'mzr observe meta get /data/projects/foo', says: 'all that is said about it' }],
  exits: { '1': 'nothing is said about the path, or not of these keys' },
  load: async () => (await import('../../actions/observe/meta.js')).get,
});

const set = declare({
  name: 'observe meta set',
  summary: 'set metadata of a path, key by key',
  group: 'observe',
  description: [
    'Other keys stay as they are; KEY= alone takes the key away, and with the last one the path. Writers at the same time never undo one another; with --expect nothing is written unless master-meta is still at the commit that mzr observe meta get --json told.',
  ],
  positionals: {
    path: required(observedPath, 'of what; ends in / for a directory of which nothing is known'),
    values: rest(assignment, 1, 'what to say'),
  },
  options: {
    expect: value(
      { ...branchName, placeholder: 'COMMIT|none', expected: 'a commit, or none', complete: ['none'] },
      'only if master-meta is at this commit',
    ),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: `mzr observe meta set /data/projects/foo owner='"ada"' year=2026`, says: 'a text and a number' },
    { line: 'mzr observe meta set /data/projects/foo year=', says: 'no year any more' },
  ],
  load: async () => (await import('../../actions/observe/meta.js')).set,
});

const list = declare({
  name: 'observe meta list',
  summary: 'the metadata of all paths below',
  group: 'observe',
  description: ['Every path of which something is said, with its lines below it.'],
  positionals: { path: optional(observedPath, 'where to begin (default: the current directory)') },
  options: { shadowRoot: shadowRootOption },
  examples: [{ line: 'mzr observe meta list /data --json', says: 'for a program' }],
  streams: true,
  load: async () => (await import('../../actions/observe/meta.js')).list,
});

export const meta: Family = {
  name: 'observe meta',
  summary: 'metadata on paths: get, set, list',
  group: 'observe',
  description: ['What people and programs say about paths, kept on the branch master-meta of the shadow repository.'],
  members: [get, set, list],
};
