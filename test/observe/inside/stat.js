// Does a stat of a shadow repository in a process of its own and prints what it answered.
import { openShadow } from '../../../dist/observe/shadow.js';
import { stat } from '../../../dist/observe/stat.js';

const [path, options = '{}'] = process.argv.slice(2);
const shadow = await openShadow(path);
process.stdout.write('ready\n');
try {
  process.stdout.write(JSON.stringify(await stat(shadow, JSON.parse(options))));
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
}
