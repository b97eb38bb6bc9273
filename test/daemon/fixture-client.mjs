// A client of its own process, led by lines of JSON: {id, method, params}, or {id, run: argv, opened} to run a command in a session.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connect, connectIfRunning } from '../../dist/protocol/client.js';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
// The daemon's build is looked at only where that is tested: a build made meanwhile is no matter of the other tests.
const { FIXTURE_BUILD: build } = process.env;
const start = () =>
  connect({ env: process.env, uid: process.getuid(), say: () => undefined, ...(build === 'own' ? {} : { build }) });
const connection = await (build === undefined ? connectIfRunning(process.env, process.getuid()) : start()).catch(
  (error) => {
    say({ id: 0, error: { code: error.code, message: error.message, hint: error.hint } });
    process.exit(1);
  },
);
say({ id: 0, result: process.pid });
void connection.closed.then(() => process.exit(0));

async function run(argv, opened, env = {}) {
  const stdio = opened.handshake ? ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'] : ['ignore', 'pipe', 'pipe'];
  const child = spawn(opened.chain[0], [...opened.chain.slice(1), ...argv], { stdio, env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part) => (stdout += part));
  child.stderr.on('data', (part) => (stderr += part));
  const ended = new Promise((resolve) =>
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr })),
  );
  if (opened.handshake) {
    await new Promise((resolve) => child.stdio[3].once('data', resolve));
    await connection.request('session/enter', { session: opened.session, pid: child.pid });
    child.stdio[4].end('\n');
  }
  return ended;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, argv, opened } = JSON.parse(line);
  const seen = [];
  const task =
    argv === undefined ? connection.request(method, params, (progress) => seen.push(progress)) : run(argv, opened);
  task.then(
    (result) => say({ id, result, seen }),
    (error) => say({ id, error: { code: error.code, message: error.message, hint: error.hint, data: error.data } }),
  );
}
process.exit(0);
