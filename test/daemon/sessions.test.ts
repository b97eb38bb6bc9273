import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClientError, users, until, World, type Client } from './world.js';

const fixture = fileURLToPath(new URL('fixture-switch.mjs', import.meta.url));

describe.each(users)('sessions of the user %i', (uid) => {
  let world: World;
  let client: Client;
  beforeEach(async () => {
    world = new World(uid);
    await world.daemon();
    client = await world.client();
  });
  afterEach(() => world.end());
  const sh = async (context: string, script: string): Promise<string> => {
    const ended = await client.run(await client.open(context, world.tree), 'sh', '-c', script);
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    return ended.stdout;
  };

  it('shows two sessions different content at one path, and the host neither', async () => {
    await sh('a', 'echo a > f; echo new > only-a');
    await sh('b', 'echo b > f');
    expect(await sh('a', `cat ${world.tree}/f only-a; ls ${world.tree}`)).toBe('a\nnew\ndeep\nf\nonly-a\nsub\n');
    expect(await sh('b', 'cat f; ls')).toBe('b\ndeep\nf\nsub\n');
    expect(world.read('tree/f')).toBe('host\n');
    expect(fs.readdirSync(world.tree)).toEqual(['f', 'shared', 'sub']);
  });

  it('gives all sessions of a context one file system: what one writes the others see at once, and locks hold between them', async () => {
    const holder = client.run(
      await client.open('a', world.tree),
      'flock',
      'f',
      'sh',
      '-c',
      'echo locked > mark; until [ -e go ]; do sleep 0.01; done',
    );
    expect(await sh('a', 'until [ -e mark ]; do sleep 0.01; done; cat mark')).toBe('locked\n');
    expect((await client.run(await client.open('a', world.tree), 'flock', '-n', 'f', 'true')).status).toBe(1);
    const device = async (): Promise<string> => sh('a', 'stat -c %d .');
    expect(await device()).toBe(await device());
    await sh('a', 'touch go');
    expect((await holder).status).toBe(0);
    expect((await client.run(await client.open('a', world.tree), 'flock', '-n', 'f', 'true')).status).toBe(0);
  });

  it('keeps the user himself: ids, groups, environment, working directory', async () => {
    expect(await sh('a', 'id -u; id -g; pwd; echo $HOME')).toBe(
      `${uid}\n${uid}\n${world.tree}\n${world.env['HOME']}\n`,
    );
    expect(await sh('a', 'touch mine; stat -c %u:%g mine')).toBe(`${uid}:${uid}\n`);
    expect(fs.statSync(join(world.root, 'contexts/a/upper/mine')).uid).toBe(uid);
  });

  it('starts where the caller stands, or in the nearest parent that the context has', async () => {
    const at = async (cwd: string): Promise<string> =>
      (await client.run(await client.open('a', cwd), 'pwd')).stdout.trim();
    expect(await at(join(world.tree, 'deep'))).toBe(join(world.tree, 'deep'));
    expect(await at(join(world.tree, 'shared/no/where'))).toBe(world.tree);
    expect(await at('/usr')).toBe('/usr');
  });

  it('passes on exit status and signals, and leaves SIGPIPE and the open descriptors as the command would have them', async () => {
    const run = async (script: string): ReturnType<Client['run']> =>
      client.run(await client.open('a', world.tree), 'bash', '-c', script);
    expect(await run('exit 42')).toMatchObject({ status: 42, signal: null });
    expect(await run('kill -TERM $$')).toMatchObject({ status: null, signal: 'SIGTERM' });
    expect((await run('yes | head -1; echo ${PIPESTATUS[0]}')).stdout).toBe('y\n141\n');
    const outside = { chain: ['env'], handshake: false };
    const descriptors = await client.run(outside, 'bash', '-c', 'ls /proc/self/fd');
    expect((await run('ls /proc/self/fd')).stdout).toBe(descriptors.stdout);
    expect((await client.run(await client.open('a', world.tree), 'no-such-command')).status).toBe(127);
  });

  it('leaves nothing between client and command: the chain becomes the command', async () => {
    const script = 'cat /proc/$PPID/comm; echo $$';
    const { stdout } = await client.run(await client.open('a', world.tree), 'sh', '-c', script);
    expect(stdout.split('\n')[0]).toBe('node');
  });

  it('shares what is to be shared with the host view, in an opened session', async () => {
    const opened = await client.open('a', world.tree, ['shared', 'f']);
    const { stdout } = await client.run(
      opened,
      'sh',
      '-c',
      'cat f shared/s; echo session > shared/s; echo session > f; echo x > own',
    );
    expect(stdout).toBe('host\nhost\n');
    expect(world.read('tree/shared/s') + world.read('tree/f')).toBe('session\nsession\n');
    expect(fs.existsSync(join(world.tree, 'own'))).toBe(false);
  });

  it('switches a busy session, at no moment showing the host view, and back to it', async () => {
    for (const name of ['a', 'b']) await sh(name, `echo ${name} > f`);
    const opened = await client.open('a', world.tree);
    const inside = await world.client(opened.chain);
    const watch = inside.run(
      { ...opened, chain: ['env', '-C', world.tree], handshake: false },
      'sh',
      '-c',
      `exec 9< f; cd deep; while [ ! -e ${world.root}/stop ]; do cat ${world.tree}/f || echo gone; done >> ${world.root}/seen; cat <&9`,
    );
    const seen = (): string[] =>
      fs.existsSync(`${world.root}/seen`) ? fs.readFileSync(`${world.root}/seen`, 'utf8').trim().split('\n') : [];
    // However long it takes to begin, and to look.
    for (let round = 0; round < 10 || !(seen().includes('a') && seen().includes('b')); round += 1) {
      for (const context of ['b', 'a'])
        await inside.request('session/switch', { cwd: world.tree, context, branch: false });
    }
    expect((await inside.list(world.tree))['a']).toMatchObject({ current: true, sessions: 1 });
    world.write('stop', '');
    expect((await watch).stdout).toBe('a\n');
    expect(new Set(seen())).toEqual(new Set(['a', 'b']));
    const here = { ...opened, chain: ['env', '-C', world.tree], handshake: false };
    await inside.request('session/switch', { cwd: world.tree, context: '-', branch: false });
    expect((await inside.run(here, 'cat', 'f')).stdout).toBe('host\n');
    expect((await inside.list(world.tree))['a']).toMatchObject({ current: false, sessions: 0 });
    await inside.request('session/switch', { cwd: world.tree, context: 'b', branch: false });
    expect((await inside.run(here, 'cat', 'f')).stdout).toBe('b\n');
    expect(world.read('tree/f')).toBe('host\n');
  });

  it('does not let a process that is in no session switch', async () => {
    await expect(
      client.request('session/switch', { cwd: world.tree, context: 'a', branch: false }),
    ).rejects.toMatchObject({ code: 'E_SESSION_NONE' });
  });

  it('opens a session inside a session, which switches on its own', async () => {
    for (const name of ['a', 'b', 'c']) await sh(name, `echo ${name} > f`);
    const outer = await client.open('a', world.tree);
    const inside = await world.client(outer.chain);
    const opened = await inside.open('b', world.tree);
    expect(opened.handshake).toBe(uid !== 0);
    expect((await inside.run(opened, 'sh', '-c', 'id -u; cat f')).stdout).toBe(`${uid}\nb\n`);
    const here = { ...outer, chain: ['env', '-C', world.tree], handshake: false };
    expect((await inside.run(here, 'cat', 'f')).stdout).toBe('a\n');
  });

  it('switches a session inside a session to other contexts and to the host view', async () => {
    for (const name of ['a', 'b', 'c']) await sh(name, `echo ${name} > f`);
    const inside = await world.client((await client.open('a', world.tree)).chain);
    const opened = await inside.open('b', world.tree);
    const ended = await inside.run(
      opened,
      process.execPath,
      fixture,
      world.tree,
      'c',
      'b',
      '-',
      'a',
      'c',
      '-',
      '-',
      'b',
    );
    expect(ended).toMatchObject({ stderr: '', stdout: 'c\nb\nhost\na\nc\nhost\nhost\nb\n' });
    const here = { ...opened, chain: ['env', '-C', world.tree], handshake: false };
    expect((await inside.run(here, 'cat', 'f')).stdout).toBe('a\n');
  });

  it('lets no process into a session but one that the client which opened it has started in namespaces of its own', async () => {
    const outer = await client.open('a', world.tree);
    const inside = await world.client(outer.chain);
    const opened = await inside.open('b', world.tree);
    const enter = (by: Client, session: string, pid: number): Promise<unknown> =>
      by.request('session/enter', { session, pid }).catch((error: unknown) => (error as ClientError).code);
    const unknown = opened.handshake ? 'E_SESSION_FOREIGN' : 'E_SESSION_UNKNOWN';
    for (const pid of [1, process.pid, client.pid, inside.pid])
      expect(await enter(inside, opened.session, pid)).toBe(unknown);
    expect(await enter(client, opened.session, inside.pid)).toBe('E_SESSION_UNKNOWN');
    expect(await enter(inside, 'no-such-session', inside.pid)).toBe('E_SESSION_UNKNOWN');
  });

  it('refuses to unmount what is in use, and says by whom', async () => {
    const opened = await client.open('a', world.tree);
    await expect(client.request('context/drop', { cwd: '/', contexts: ['a'], force: false })).rejects.toMatchObject({
      code: 'E_CONTEXT_IN_USE',
    });
    const running = client.run(opened, 'sh', '-c', 'touch here; sleep 60');
    await until(() => fs.existsSync(join(world.root, 'contexts/a/upper/here')), 'the command runs');
    await client.endSession(opened);
    const refusal = await client
      .request('context/drop', { cwd: '/', contexts: ['a'], force: false })
      .catch((error: unknown) => error);
    const pid = Number(/process (\d+)/.exec((refusal as ClientError).message)?.[1]);
    expect(fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim()).toMatch(/^(sh|sleep)$/);
    world.killCommand('sleep 60');
    await running;
    await client.request('context/drop', { cwd: '/', contexts: ['a'], force: false });
    expect(await client.list()).toEqual({});
    expect(fs.existsSync(join(world.root, 'contexts/a/mounted.json'))).toBe(false);
  });

  it('keeps a context in use while a process has its working directory in it from before a switch', async () => {
    await sh('b', 'true');
    const opened = await client.open('a', '/');
    const inside = await world.client(opened.chain);
    await client.endSession(opened);
    const running = inside.run(
      { ...opened, chain: ['env', '-C', join(world.tree, 'deep')], handshake: false },
      'sleep',
      '60',
    );
    await until(async () => ((await client.list())['a']?.processes ?? 0) > 1, 'the command runs');
    await inside.request('session/switch', { cwd: world.tree, context: 'b', branch: false });
    await expect(client.request('context/drop', { cwd: '/', contexts: ['a'], force: false })).rejects.toMatchObject({
      code: 'E_CONTEXT_IN_USE',
    });
    world.killCommand('sleep 60');
    await running;
    await until(
      async () =>
        await client.request('context/drop', { cwd: '/', contexts: ['a'], force: false }).then(
          () => true,
          () => false,
        ),
      'it can be unmounted',
    );
  });
});
