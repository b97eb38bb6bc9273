import { discover } from '../../../dist/observe/discover.js';
import { readPatterns } from '../../../dist/observe/patterns.js';

const [, , root, patterns] = process.argv;
const found = [];
for await (const one of discover(root, { patterns: readPatterns(patterns), shadowOf: () => undefined }))
  found.push(one);
process.stdout.write(JSON.stringify(found));
