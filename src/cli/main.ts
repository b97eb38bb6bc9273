import { program } from './program.js';

// Everything was written synchronously, and a connection left open would keep the process.
process.exit(await program(process.argv.slice(2), process.env));
