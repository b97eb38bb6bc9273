import { program } from './program.js';

// What is bundled beside this file takes the class from here (scripts/bundle.js).
export { MizerError } from '../model/errors.js';

// Everything was written synchronously, and a connection left open would keep the process. No top-level await: the bundle is CommonJS.
void program(process.argv.slice(2), process.env).then((status) => process.exit(status));
