import { depth, htmlFile, moment, observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { declare, optional, value } from '../../declaration.js';

export const growth = declare({
  name: 'observe growth',
  summary: 'what grew, shrank, came and went between two times, by directory',
  group: 'observe',
  description: [
    'Compares two recorded states of PATH and lists what differs, the greatest difference first. Directories that are equal are not opened, so it takes as long as the difference is big.',
    'Dates are read as in mzr observe ls; one before the first state means the first state.',
  ],
  positionals: { path: optional(observedPath, 'what to compare (default: the current directory)') },
  options: {
    since: value(moment, 'the earlier state; needed'),
    until: value(moment, 'the later state (default: the newest)'),
    depth: value(depth, 'levels below PATH, or all (default: 1; of a page: all)'),
    html: value(htmlFile, 'write a page with a map that can be clicked into instead'),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: 'mzr observe growth /data --since monday', says: 'what grew since Monday, and where' },
    {
      line: 'mzr observe growth /data --since 2026-01-01 --until 2026-02-01 --depth 2',
      says: 'in one month, two levels deep',
    },
    { line: "mzr observe growth /data --since '1 month ago' --html growth.html", says: 'a map of it, for a browser' },
  ],
  streams: true,
  load: async () => (await import('../../actions/observe/growth.js')).growth,
});
