import fs from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kill, ownUid, runAs, until, users, World } from './world.js';

const starter = fileURLToPath(new URL('fixture-start.mjs', import.meta.url));

describe.each(users)('the life of the daemon of the user %i', (uid) => {
  let world: World;
  beforeEach(() => {
    world = new World(uid);
  });
  afterEach(() => world.end());
  const daemons = (): number[] =>
    world.processes().filter((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--in-hub'));
  /** The daemon, without the holder, whose command line tells how it would start one. */
  const serving = (): number[] =>
    daemons().filter((pid) => !fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('mizer-hub'));

  it('ten clients at once start one daemon', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.start()));
    expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 10 }));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    await until(() => serving().length === 1, 'one daemon is left');
    expect(serving()).toEqual([answers[0]?.pid]);
    expect(fs.existsSync(join(world.runtime, 'starting'))).toBe(false);
  });

  it('five daemons started at once become one: the others leave as soon as it serves', async () => {
    const starts = await Promise.all([0, 1, 2, 3, 4].map(() => world.daemon()));
    await until(() => serving().length === 1, 'the others left');
    const { pid } = await (await world.client()).status();
    expect([starts.length, ...serving()]).toEqual([5, pid]);
    expect(world.log().match(/Serving/g)).toHaveLength(1);
  });

  it('a mark of a start that was never finished holds nobody up for long', async () => {
    world.directory('run/mizer');
    world.write('run/mizer/starting', '');
    fs.utimesSync(join(world.runtime, 'starting'), 0, 0);
    expect(await world.start()).toMatchObject({ said: expect.any(Array) });
  });

  it('ends itself when nothing needs it, and leaves no mount, process or socket', async () => {
    await world.daemon({ MIZER_IDLE_SECONDS: '3' });
    const client = await world.client();
    await client.inContext('a', world.tree, 'true');
    const { pid } = await client.status();
    await client.close();
    await until(() => !fs.existsSync(`/proc/${pid}`), 'it ended');
    await until(() => world.processes().length === 0, 'the holder ended');
    expect(fs.readdirSync(world.runtime).toSorted()).toEqual(['daemon.lock', 'daemon.log']);
    expect(fs.readdirSync(join(world.root, 'state/mizer/hub'))).toEqual([]);
    expect(fs.existsSync(join(world.root, 'contexts/a/mounted.json'))).toBe(false);
  });

  it('does not end while a session lives, and when it is ended all the same the session goes on', async () => {
    await world.daemon({ MIZER_IDLE_SECONDS: '3' });
    const client = await world.client();
    const opened = await client.open('a', world.tree);
    void client
      .run(opened, 'sh', '-c', 'touch on; until [ -e end ]; do sleep 0.05; done; echo done > ended')
      .catch(() => undefined);
    const upper = join(world.root, 'contexts/a/upper');
    await until(() => fs.existsSync(join(upper, 'on')), 'the session lives');
    const { pid, holder = 0 } = await client.status();
    kill(client.process.pid ?? 0, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(fs.existsSync(`/proc/${pid}`)).toBe(true);
    kill(pid, 'SIGTERM');
    await until(() => !fs.existsSync(`/proc/${pid}`), 'it ended');
    expect(fs.existsSync(`/proc/${holder}`)).toBe(true);
    await world.daemon();
    await (await world.client()).inContext('a', world.tree, 'touch', 'end');
    await until(() => fs.existsSync(join(upper, 'ended')), 'the session went on');
  });

  it('is asked to stop: not while a client awaits a command, but with force', async () => {
    await world.daemon();
    const client = await world.client();
    await client.open('a', world.tree);
    expect(await client.request('daemon/stop', { force: false })).toEqual({ stopped: false, busy: 1 });
    expect(await client.request('daemon/stop', { force: true })).toEqual({ stopped: true, busy: 1 });
    await until(() => serving().length === 0, 'it ended');
  });

  it('is replaced by one of another build, unless it is busy: then it goes on serving', async () => {
    const first = await world.start();
    const second = await world.start({ FIXTURE_BUILD: 'another' });
    expect(second.pid).not.toBe(first.pid);
    expect(second.said.join()).toMatch(/another build/);
    await until(() => !fs.existsSync(`/proc/${first.pid}`), 'the first ended');
    kill(second.pid ?? 0, 'SIGTERM');
    await until(() => serving().length === 0, 'it ended');
    await world.daemon();
    const client = await world.client();
    const long = client.request('gc', { cwd: '/' });
    const { pid } = await client.status();
    expect(await world.start({ FIXTURE_BUILD: 'another' })).toMatchObject({ pid, said: [] });
    await long;
  });

  it('started from inside a session, it comes to life in the hub and serves inside and outside', async () => {
    await world.daemon();
    const client = await world.client();
    const opened = await client.open('a', world.tree);
    const wait = (name: string): string => `until [ -e ${world.root}/${name} ]; do sleep 0.02; done`;
    const script = `trap '' PIPE; touch ${world.root}/on; ${wait('go')}; "$@" > ${world.root}/started; ${wait('end')}`;
    void client.run(opened, 'sh', '-c', script, 'sh', process.execPath, starter).catch(() => undefined);
    await until(() => fs.existsSync(join(world.root, 'on')), 'the session lives');
    const { pid, holder } = await client.status();
    kill(pid, 'SIGKILL');
    world.write('go', '');
    const answered = (): boolean => fs.existsSync(join(world.root, 'started')) && world.read('started') !== '';
    await until(answered, 'it answered', () => world.log());
    expect(JSON.parse(world.read('started'))).toMatchObject({ holder, sessions: 1, mounts: 1 });
    expect(await world.start()).toMatchObject({ holder });
    world.write('end', '');
    await until(() => world.processes().length <= 2, 'the session ended');
  });

  it('that cannot start says why to every client that waits', async () => {
    const answers = await Promise.all([0, 1, 2].map(() => world.start({ XDG_STATE_HOME: '/dev/null/x' })));
    for (const answer of answers)
      expect(answer).toMatchObject({ code: 'E_STATE_DIRECTORY', message: expect.stringContaining('/dev/null/x') });
    await until(() => world.processes().length === 0, 'each attempt ended');
    expect(await world.start()).toMatchObject({ sessions: 0 });
  });

  it('answers a message that is none with what is wrong with it, and lives on', async () => {
    await world.daemon();
    const client = await world.client();
    await expect(client.request('no/such', {})).rejects.toMatchObject({
      code: 'E_PROTOCOL',
      message: expect.stringContaining('no/such'),
    });
    await expect(client.request('gc', { cwd: 7, more: 1 })).rejects.toMatchObject({
      message: expect.stringMatching(/cwd.*string.*more/s),
    });
    await expect(client.request('gc', { cwd: 'relative' })).rejects.toMatchObject({
      message: expect.stringContaining('absolute'),
    });
    // Hung up on, it may or may not notice before it has written all.
    const junk = connectSocket(join(world.runtime, 'socket')).on('error', () => undefined);
    if (uid === ownUid) {
      junk.write('Content-Length: nonsense\r\n\r\n{');
      junk.write('\0'.repeat(1000));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    junk.destroy();
    expect(await client.status()).toMatchObject({ sessions: 0 });
  });

  it('reports progress of a request to the client that asked, and to no other', async () => {
    await world.daemon();
    const [client, other] = [await world.client(), await world.client()];
    const long = client.request('gc', { cwd: '/' });
    await other.status();
    await long;
    expect(client.seen).toEqual([1, 2, 3].map((done) => ({ phase: 'test', done, total: 3 })));
    expect(other.seen).toEqual([]);
  });

  it('hangs up on everybody else, root included, who got past the directory all the same', async () => {
    await world.daemon();
    // Once it answers it has closed the socket to others, and does not do so again.
    const client = await world.client();
    await client.status();
    const socket = join(world.runtime, 'socket');
    for (const path of [world.root, join(world.root, 'run'), world.runtime]) fs.chmodSync(path, 0o755);
    fs.chmodSync(socket, 0o666);
    const script = `require('node:net').connect(${JSON.stringify(socket)}).on('close', () => console.log('hung up')).on('error', () => 0).write('x')`;
    const foreigners = ownUid === 0 ? [4242, ...(uid === 0 ? [] : [0])] : [];
    for (const foreigner of foreigners) {
      expect(runAs(foreigner, [process.execPath, '-e', script], {}).stdout).toBe('hung up\n');
    }
    fs.chmodSync(world.runtime, 0o700);
    expect((await client.status()).sessions).toBe(0);
    expect(world.log().match(/another user/g)?.length ?? 0).toBe(foreigners.length);
  });

  it.each([
    ['a symbolic link', (runtime: string) => fs.symlinkSync('/tmp', runtime)],
    [
      'open to others',
      (runtime: string) => {
        fs.mkdirSync(runtime);
        fs.chownSync(runtime, uid, uid);
        fs.chmodSync(runtime, 0o755);
      },
    ],
    ['a file', (runtime: string) => fs.writeFileSync(runtime, '')],
  ])('starts nothing where the runtime directory is %s', async (_, spoil) => {
    spoil(world.runtime);
    expect(await world.start()).toMatchObject({
      code: 'E_RUNTIME_DIRECTORY',
      message: expect.stringContaining(world.runtime),
    });
    expect(world.processes()).toEqual([]);
    fs.rmSync(world.runtime, { recursive: true });
  });
});

describe.each(ownUid === 0 ? [1001] : [])('supplementary groups of the user %i', (uid) => {
  it('keep giving access inside a session', async () => {
    const group = 4343;
    const world = new World(uid, {}, [group]);
    await world.daemon();
    const client = await world.client();
    fs.writeFileSync(join(world.root, 'secret'), 'for the group\n', { mode: 0o640 });
    fs.chownSync(join(world.root, 'secret'), 0, group);
    expect((await client.inContext('a', world.tree, 'cat', join(world.root, 'secret'))).stdout).toBe('for the group\n');
    const other = await client.inContext('a', world.tree, 'sh', '-c', 'cat /proc/self/status');
    expect(other.stdout).toMatch(/^Uid:\t1001\t1001\t1001\t1001$/m);
    await world.end();
  });
});
