import { program } from './program.js';

// Everything was written synchronously, and a connection left open would keep the process. No top-level await: the bundle is CommonJS.
void program(process.argv.slice(2), process.env).then((status) => process.exit(status));
