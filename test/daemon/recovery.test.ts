import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kill, until, users, World, type Client } from './world.js';

describe.each(users)('what the hub of the user %i survives', (uid) => {
  let world: World;
  beforeEach(async () => {
    world = new World(uid);
    await world.daemon();
  });
  afterEach(() => world.end());

  const shell = 'echo ready > ready; while [ ! -e end ]; do cat f; sleep 0.02; done';
  /** A session in context `a` that runs until its context has a file `end`; its client ends with the daemon. */
  async function livingSession(): Promise<Client> {
    const client = await world.client();
    const opened = await client.open('a', world.tree);
    void client.run(opened, 'sh', '-c', `trap '' PIPE; echo a > f; ${shell}`).catch(() => undefined);
    await until(() => fs.existsSync(join(world.root, 'contexts/a/upper/ready')), 'the session lives');
    return client;
  }
  const dev = async (client: Client): Promise<string> =>
    (await client.inContext('a', world.tree, 'stat', '-c', '%d', '.')).stdout;
  const read = async (client: Client, context: string): Promise<string> =>
    (await client.inContext(context, world.tree, 'cat', 'f')).stdout;
  const endSession = async (client: Client): Promise<void> => {
    await client.inContext('a', world.tree, 'touch', 'end');
    await until(async () => (await client.status()).sessions === 0, 'the session ended');
  };

  it('a killed daemon: the next one finds the holder, the mounts and the sessions', async () => {
    const first = await livingSession();
    const before = await first.status();
    const device = await dev(first);
    kill(before.pid, 'SIGKILL');
    await world.daemon();
    const client = await world.client();
    const after = await client.status();
    expect(after).toMatchObject({ holder: before.holder, mounts: 1, sessions: 1 });
    expect(after.pid).not.toBe(before.pid);
    expect(await dev(client)).toBe(device);
    expect(await read(client, 'a')).toBe('a\n');
    await endSession(client);
    await client.request('context/drop', { cwd: '/', contexts: ['a'], force: false });
  });

  it('a killed holder: the daemon puts another in its place, and a daemon after it finds that one', async () => {
    const first = await livingSession();
    const before = await first.status();
    kill(before.holder ?? 0, 'SIGKILL');
    await until(async () => (await first.status()).holder !== before.holder, 'there is another holder');
    const { holder } = await first.status();
    kill(before.pid, 'SIGKILL');
    await world.daemon();
    const client = await world.client();
    expect(await client.status()).toMatchObject({ holder, mounts: 1, sessions: 1 });
    expect(await read(client, 'a')).toBe('a\n');
    await endSession(client);
  });

  it('both killed: the hub is found again through a living session, with the same file system', async () => {
    const first = await livingSession();
    const before = await first.status();
    const device = await dev(first);
    kill(before.holder ?? 0, 'SIGKILL');
    kill(before.pid, 'SIGKILL');
    await world.daemon();
    const client = await world.client();
    expect(await client.status()).toMatchObject({ mounts: 1, sessions: 1 });
    expect(await dev(client)).toBe(device);
    expect(await read(client, 'a')).toBe('a\n');
    expect(await read(client, 'b')).toBe('lower\n');
    expect((await client.list())['a']).toMatchObject({ sessions: 1 });
    await endSession(client);
    await client.request('context/drop', { cwd: '/', contexts: ['a', 'b'], force: false });
  });

  it('both killed, and a session that can be entered no more: its context is refused, others are not', async () => {
    const first = await livingSession();
    const before = await first.status();
    kill(before.holder ?? 0, 'SIGKILL');
    kill(before.pid, 'SIGKILL');
    // Another hub, which has nothing to do with the first one's directory of mount points.
    world.directory('state2');
    await world.daemon({ XDG_STATE_HOME: join(world.root, 'state2') });
    const client = await world.client();
    const refusal = client.open('a', world.tree);
    await expect(refusal).rejects.toMatchObject({ code: 'E_CONTEXT_MOUNTED_ELSEWHERE' });
    expect(await read(client, 'b')).toBe('lower\n');
    fs.writeFileSync(join(world.tree, 'unrelated'), '');
    world.killMatching(shell);
    await until(
      () =>
        client.open('a', world.tree).then(
          () => true,
          () => false,
        ),
      'the context is free',
    );
  });

  it('a note about the holder that names another process, another boot or nonsense: it is not believed', async () => {
    const first = await livingSession();
    const before = await first.status();
    const note = join(world.runtime, 'hub.json');
    const sound = JSON.parse(fs.readFileSync(note, 'utf8')) as object;
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      JSON.stringify({ ...sound, bootId: 'x' }),
      JSON.stringify({ ...sound, startTime: 1 }),
    ]) {
      kill((await (await world.client()).status()).pid, 'SIGKILL');
      fs.writeFileSync(note, text);
      await world.daemon();
      const client = await world.client();
      expect(await client.status()).toMatchObject({ mounts: 1, sessions: 1 });
      expect((await client.status()).holder).not.toBe(before.holder);
      expect(await read(client, 'a')).toBe('a\n');
    }
    await endSession(await world.client());
  });

  it('SIGKILL at any moment of ten runs: the next daemon serves, and no upper directory is mounted twice', async () => {
    for (let round = 0; round < 10; round += 1) {
      const client = await world.client();
      const { pid } = await client.status();
      const work = [0, 1, 2].map((number) =>
        client.open(`c${number}`, world.tree).then((opened) => client.run(opened, 'sh', '-c', 'echo x >> log')),
      );
      setTimeout(() => kill(pid, 'SIGKILL'), round * 7);
      await Promise.allSettled(work);
      await until(() => client.process.exitCode !== null, 'the client noticed');
      await world.daemon();
    }
    const client = await world.client();
    for (const name of ['c0', 'c1', 'c2']) {
      const { stdout } = await client.run(await client.open(name, world.tree), 'sh', '-c', 'echo end >> log; cat log');
      expect(stdout).toMatch(/^(x\n)*end\n$/);
    }
    const state = join(world.root, 'state/mizer');
    const mountinfo = fs.readFileSync(`/proc/${(await client.status()).pid}/mountinfo`, 'utf8').split('\n');
    const points = mountinfo.filter((line) => line.includes('mizer:store/')).map((line) => line.split(' ')[4]);
    expect(points.toSorted()).toEqual(['c0', 'c1', 'c2'].map((name) => `${state}/hub/store/${name}`));
  });
});
