// Writes docs/commands.md from the declarations of the commands, as last built. A test fails when the file is stale.
import { writeFileSync } from 'node:fs';
import { reference } from '../dist/cli/help/reference.js';

writeFileSync(new URL('../docs/commands.md', import.meta.url), reference());
