// Becomes the command in its arguments, or says which error it got and that the process is as it was; see ../exec.test.ts.
import { becomeCommand } from '../../../dist/linux/exec.js';

// Node makes pipes non-blocking when they are used as streams.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
try {
  becomeCommand(process.argv.slice(2), process.env);
} catch (error) {
  process.stdout.write(`${error.code} ${process.pid}`);
}
