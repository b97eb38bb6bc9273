import fs from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MizerError } from '../../src/model/errors.js';
import { clientOver, serveOver, type Answer, type Connection } from '../../src/protocol/connection.js';

describe('a connection', () => {
  let root: string;
  let server: Server;
  let answer: Answer;
  let connection: Connection;
  beforeEach(async () => {
    root = fs.mkdtempSync('/tmp/mz-');
    server = createServer((socket) => serveOver(socket, (...request) => answer(...request)));
    await new Promise<void>((resolve) => server.listen(join(root, 's'), resolve));
    connection = clientOver(connect(join(root, 's')));
  });
  afterEach(() => {
    connection.close();
    server.close();
    fs.rmSync(root, { recursive: true });
  });

  it('answers requests at once, each on its own, in any order', async () => {
    const order: string[] = [];
    answer = async (_, params) => {
      const { directory } = params as { directory: string };
      await new Promise((resolve) => setTimeout(resolve, directory === 'slow' ? 50 : 0));
      order.push(directory);
      return { workTree: directory, store: '', git: true };
    };
    const [slow, fast] = await Promise.all([
      connection.request('init', { directory: 'slow' }),
      connection.request('init', { directory: 'fast' }),
    ]);
    expect([slow.workTree, fast.workTree, order]).toEqual(['slow', 'fast', ['fast', 'slow']]);
  });

  it('carries an error over as it was: code, sentence, hint, group and data', async () => {
    const thrown = new MizerError('E_SOME', 'A sentence, with ünïcode.', {
      hint: 'Do this.',
      group: 'usage',
      data: { path: '\u00ff', n: 1 },
    });
    answer = () => Promise.reject(thrown);
    const met = await connection.request('gc', { cwd: '/' }).catch((error: unknown) => error);
    expect(met).toBeInstanceOf(MizerError);
    const { code, message, hint, group, data } = met as MizerError;
    expect({ code, message, hint, group, data }).toEqual({
      code: 'E_SOME',
      message: thrown.message,
      hint: 'Do this.',
      group: 'usage',
      data: thrown.data,
    });
  });

  it('carries a defect over as E_INTERNAL, with its sentence and no stack', async () => {
    answer = () => Promise.reject(new TypeError('x is not a function'));
    await expect(connection.request('gc', { cwd: '/' })).rejects.toMatchObject({
      code: 'E_INTERNAL',
      message: expect.stringContaining('x is not'),
      hint: expect.stringContaining('log'),
    });
  });

  it('reports progress to its request only', async () => {
    answer = async (_, params, report) => {
      const { directory } = params as { directory: string };
      report({ phase: directory, done: 1, total: 2 });
      return { workTree: '', store: '', git: true };
    };
    const seen: string[] = [];
    await Promise.all(
      ['a', 'b'].map((directory) =>
        connection.request('init', { directory }, ({ phase }) => seen.push(`${directory} ${phase}`)),
      ),
    );
    await connection.request('init', { directory: 'c' });
    expect(seen.toSorted()).toEqual(['a a', 'b b']);
  });

  it('brings any path whole: every byte value', async () => {
    answer = async (_, params) => ({ workTree: (params as { directory: string }).directory, store: '', git: true });
    const directory = String.fromCharCode(...Array.from({ length: 255 }, (_, index) => index + 1));
    expect((await connection.request('init', { directory })).workTree).toBe(directory);
  });

  it('fails what was asked when the daemon goes, and what is asked afterwards', async () => {
    answer = () => new Promise(() => undefined);
    server.once('connection', () => undefined);
    const asked = connection.request('gc', { cwd: '/' });
    connection.close();
    await expect(asked).rejects.toMatchObject({ code: 'E_DAEMON_GONE' });
    await connection.closed;
    await expect(connection.request('gc', { cwd: '/' })).rejects.toMatchObject({ code: 'E_DAEMON_GONE' });
  });
});
