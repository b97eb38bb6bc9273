// A client that switches the session it is started in, from one context to the next, and prints what it then reads.
import { readFileSync } from 'node:fs';
import { connectIfRunning } from '../../dist/protocol/client.js';

const [tree, ...contexts] = process.argv.slice(2);
const connection = await connectIfRunning(process.env, process.getuid());
for (const context of contexts) {
  await connection.request('session/switch', { cwd: tree, context, branch: false });
  process.stdout.write(readFileSync(`${tree}/f`));
}
connection.close();
