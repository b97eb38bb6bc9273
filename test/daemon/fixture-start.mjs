// A client that starts the daemon where none runs, and prints what it then says of itself; or the error, in one line.
import { connect } from '../../dist/protocol/client.js';

const { FIXTURE_BUILD: build } = process.env;
try {
  const said = [];
  const options = { env: process.env, uid: process.getuid(), say: (sentence) => said.push(sentence) };
  const connection = await connect({ ...options, ...(build === undefined ? {} : { build }) });
  const status = await connection.request('daemon/status', {});
  process.stdout.write(`${JSON.stringify({ ...status, said })}\n`);
  connection.close();
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
  process.exitCode = 1;
}
