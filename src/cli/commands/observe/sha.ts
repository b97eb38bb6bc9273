import { observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { declare, flag, optional } from '../../declaration.js';

const place = optional(observedPath, 'REALDIR or its shadow repository (default: the current directory)');
const options = {
  oneFileSystem: flag('look at the directory as mzr observe stat does with it'),
  respectGitignore: flag('likewise'),
  noWait: flag('fail when another is writing this branch, instead of waiting'),
  shadowRoot: shadowRootOption,
};
const unread = { '1': 'something could not be read; it is listed', '130': 'ended by SIGINT' };

export const sha = declare({
  name: 'observe sha',
  summary: 'hash the files that are tracked, on branch master-sha',
  group: 'observe',
  description: [
    'Does mzr observe stat first, then reads every tracked file whose size or time is new and commits its SHA-1 and SHA-256 to master-sha. What has not changed is not read again.',
    'Interrupted, the branch stays as it was, and what was hashed so far is not read again the next time. What cannot be read keeps its last record and is listed.',
  ],
  positionals: { place },
  options,
  examples: [
    { line: 'mzr observe sha /data/projects', says: 'hash what is new' },
    { line: 'git -C "$SHADOW" show master-sha:big/file', says: 'what plain git says of a file' },
  ],
  exits: unread,
  load: async () => (await import('../../actions/observe/sha.js')).sha,
});

export const content = declare({
  name: 'observe content',
  summary: 'keep the bytes of a few chosen files, on branch master-content',
  group: 'observe',
  description: [
    "Does mzr observe stat first, then commits the bytes of the top README.md, and of tracked files that have the attribute nogcontent in the shadow's .gitattributes, to master-content. Files above 16 MiB are refused.",
  ],
  positionals: { place },
  options,
  examples: [
    { line: 'mzr observe content /data/projects', says: 'the README.md' },
    {
      line: 'git commit -am Markdown && mzr observe apply-stub && mzr observe content',
      says: 'in the shadow, with *.md nogcontent in .gitattributes: all Markdown',
    },
  ],
  exits: unread,
  load: async () => (await import('../../actions/observe/sha.js')).content,
});
