import { depth, htmlFile, moment, observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { choice } from '../../arguments/types.js';
import { declare, optional, value } from '../../declaration.js';

export const ls = declare({
  name: 'observe ls',
  summary: 'what is there, or was at any time, with the totals of directories',
  group: 'observe',
  description: [
    'Lists what was recorded of PATH, which need not exist any more: what lies in a directory, with what it holds altogether. Answers from the shadow repository, never from the directory itself.',
    'A date means the last state recorded at or before it, in the words that git understands; a day without a time of day means that day at the present time of day.',
    'What a policy does not track one by one is in the totals all the same, and told below the list.',
  ],
  positionals: { path: optional(observedPath, 'what to list (default: the current directory)') },
  options: {
    depth: value(depth, 'levels below PATH, or all (default: 1; of a page: all)'),
    sort: value(choice('size|mtime|name', ['size', 'mtime', 'name']), 'greatest or newest first (default: name)'),
    at: value(moment, 'the state of then (default: the newest)'),
    html: value(htmlFile, 'write a page with a map that can be clicked into instead'),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: 'mzr observe ls /data --sort size', says: 'what takes the space' },
    { line: "mzr observe ls /data/projects --depth 2 --at '2 weeks ago'", says: 'what was there' },
    { line: 'mzr observe ls /data --html data.html', says: 'a map of it, for a browser' },
    { line: 'mzr observe ls /data --depth all --json | jq .path', says: 'every path, for a program' },
  ],
  streams: true,
  load: async () => (await import('../../actions/observe/ls.js')).ls,
});
