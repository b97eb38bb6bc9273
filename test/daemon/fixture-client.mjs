// A client of its own process, led by lines of JSON: {id, method, params}, or {id, run: argv, opened} to run a command in a session.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connectIfRunning } from '../../dist/protocol/client.js';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
// Whatever the daemon's build: one made meanwhile is no matter of these tests. Its socket's file is there a moment before it listens.
async function meet() {
  for (const limit = Date.now() + 20_000; Date.now() < limit; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const met = await connectIfRunning(process.env, process.getuid());
    if (met !== undefined) return met;
  }
  throw new Error('no daemon serves');
}
const connection = await meet();
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
