import { moment, observedPath, shadowRootOption } from '../../arguments/observe-types.js';
import { choice } from '../../arguments/types.js';
import { declare, optional, value } from '../../declaration.js';

export const exportAll = declare({
  name: 'observe export',
  summary: 'everything that was recorded, for other programs',
  group: 'observe',
  description: [
    'A line for each path, written as it is read. In ndjson a name that is not UTF-8 is {"bytes": "<base64>"}; in csv a path is its own bytes in quotes, and titles come first.',
  ],
  positionals: { path: optional(observedPath, 'what to export (default: the current directory)') },
  options: {
    format: value(choice('ndjson|csv', ['ndjson', 'csv']), 'of the lines (default: ndjson)'),
    at: value(moment, 'the state of then (default: the newest)'),
    shadowRoot: shadowRootOption,
  },
  examples: [
    { line: 'mzr observe export /data --format csv > data.csv', says: 'for a spreadsheet or a data base' },
    { line: 'mzr observe export /data --at yesterday | jq -s length', says: 'how many paths there were' },
  ],
  streams: true,
  load: async () => (await import('../../actions/observe/export.js')).exportAll,
});
