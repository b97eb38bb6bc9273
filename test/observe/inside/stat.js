// Does a stat of a shadow repository in a process of its own, once a line comes, and prints what it answered.
import { openShadow } from '../../../dist/observe/shadow.js';
import { stat } from '../../../dist/observe/stat.js';

const shadow = await openShadow(process.argv[2]);
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve).once('end', resolve));
process.stdin.destroy();
try {
  process.stdout.write(JSON.stringify(await stat(shadow)));
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
}
