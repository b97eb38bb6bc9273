import { walkSync } from '../../../dist/disk/walk.js';

const paths = (options) =>
  JSON.stringify([...walkSync(process.argv[2], options).manifest.entries()].map((entry) => entry.path));
process.stdout.write(`${paths({ oneFileSystem: true })} ${paths({})}`);
