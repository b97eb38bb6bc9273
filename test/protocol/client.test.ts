import fs from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, connectIfRunning } from '../../src/protocol/client.js';
import { serveOver } from '../../src/protocol/connection.js';
import { protocolVersion } from '../../src/protocol/messages.js';

const uid = process.getuid?.() ?? 0;

describe('a client that meets a daemon of another version', () => {
  let root: string;
  let server: Server | undefined;
  beforeEach(() => {
    root = fs.mkdtempSync('/tmp/mz-');
    fs.mkdirSync(join(root, 'mizer'), { mode: 0o700 });
  });
  afterEach(() => {
    server?.close();
    fs.rmSync(root, { recursive: true });
  });
  const asked: string[] = [];
  async function daemon(protocol: number, build: string, busy: number): Promise<void> {
    asked.length = 0;
    const sockets = new Set<Socket>();
    server = createServer((socket) => {
      sockets.add(socket);
      serveOver(socket, async (method) => {
        asked.push(method);
        if (method === 'hello') return { protocol, build, pid: 7, busy };
        return { stopped: false, busy: 1 };
      });
    });
    await new Promise<void>((resolve) => server?.listen(join(root, 'mizer/socket'), resolve));
  }
  const options = { env: {}, uid, say: () => undefined, build: 'mine' };
  const meet = () => connect({ ...options, env: { XDG_RUNTIME_DIR: root } });

  it('takes it as it is when protocol and build are its own', async () => {
    await daemon(protocolVersion, 'mine', 0);
    (await meet()).close();
    expect(asked).toEqual(['hello']);
  });

  it('goes on with a busy one of another build', async () => {
    await daemon(protocolVersion, 'other', 1);
    (await meet()).close();
    expect(asked).toEqual(['hello']);
  });

  it('refuses a busy one of another protocol, and says what to do', async () => {
    await daemon(protocolVersion + 1, 'other', 1);
    await expect(meet()).rejects.toMatchObject({
      code: 'E_DAEMON_VERSION',
      hint: expect.stringContaining('mzr daemon stop'),
      data: { pid: 7 },
    });
    expect(asked).toEqual(['hello']);
  });

  it('asks an idle one to stop, and does not insist when it has become busy', async () => {
    await daemon(protocolVersion + 1, 'other', 0);
    await expect(meet()).rejects.toMatchObject({ code: 'E_DAEMON_VERSION' });
    expect(asked).toEqual(['hello', 'daemon/stop']);
  });

  it('starts nothing where it only looks', async () => {
    expect(await connectIfRunning({ XDG_RUNTIME_DIR: root }, uid)).toBeUndefined();
    fs.writeFileSync(join(root, 'mizer/socket'), '');
    expect(await connectIfRunning({ XDG_RUNTIME_DIR: root }, uid)).toBeUndefined();
    expect(fs.readdirSync(join(root, 'mizer'))).toEqual(['socket']);
  });
});
