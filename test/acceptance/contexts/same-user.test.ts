import { chmodSync, chownSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';

const isRoot = process.getuid?.() === 0;
/** A group that only these tests know. */
const group = 54_321;

describe.each(userKinds)('the same user inside, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user, isRoot && user !== 'root' ? [group] : []);
    world.repository({ 'f.txt': 'first\n' });
    world.ok('run', '--keep=a', 'true');
  });
  afterAll(() => world.end());
  /** What a script says outside and inside at one time: other tests mount and make things meanwhile. */
  const both = (script: string): { readonly outside: string; readonly inside: string } => {
    for (;;) {
      const outside = world.host(script);
      const inside = world.inside('a', script);
      if (world.host(script) === outside) return { outside, inside };
    }
  };

  it.each([
    ['ids', 'id -u; id -g; id -ru; whoami 2>&1; awk "/^[UG]id/" /proc/self/status; true'],
    ['home', 'echo "$HOME" ~; ls -A "$HOME"; test -w "$HOME" && echo writable'],
    [
      'identity in git',
      'git config user.name; git config --show-origin user.email; git var GIT_AUTHOR_IDENT | sed "s/>.*/>/"',
    ],
    ['environment', 'env | grep -v "^\\(_\\|GIT_CONFIG_.*\\|PWD\\|OLDPWD\\|SHLVL\\)=" | sort; pwd; umask; ulimit -n'],
    [
      'host name, network and other namespaces',
      'hostname; for n in net uts ipc pid cgroup time; do readlink /proc/self/ns/$n; done; cat /proc/net/dev | cut -d: -f1',
    ],
    ['owner, group and mode for what he makes', 'touch made; stat -c "%u %g %a" made; rm made'],
    ['open descriptors', 'ls /proc/self/fd | wc -l'],
    ['signal dispositions', 'grep -E "^Sig(Ign|Blk)|^ShdPnd" /proc/self/status'],
  ])('has the same %s', (_, script) => {
    const { outside, inside } = both(script);
    expect(inside).toBe(outside);
  });

  it('sees the same processes, and can signal those that are his, in either direction', async () => {
    const sleeper = world.background(['sleep', '300']);
    const pid = String(sleeper.child.pid);
    expect(world.inside('a', `ps -o args= -p ${pid}; kill -0 ${pid} && kill -TERM ${pid} && echo sent`)).toBe(
      'sleep 300\nsent\n',
    );
    expect(await sleeper.ended()).toMatchObject({ signal: 'SIGTERM' });
    const inside = world.background([...world.command, 'exec', 'a', '--', 'sh', '-c', 'echo $$; exec sleep 300']);
    await inside.says('\n');
    expect(world.host(`ps -o args= -p ${inside.out.trim()}; kill ${inside.out.trim()}`)).toBe('sleep 300\n');
    expect(await inside.ended()).toMatchObject({ signal: 'SIGTERM' });
    expect(world.details('a').running).toEqual([]);
  });

  it('reaches a server outside through the loop-back, and a socket file', async () => {
    const server = createServer((socket) => socket.end('hello\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; cat <&3`;
    const client = world.background([...world.command, 'exec', 'a', '--', 'bash', '-c', script]);
    expect(await client.ended()).toMatchObject({ status: 0, out: 'hello\n' });
    server.close();
    expect(world.inside('a', '$MZR list --json | grep -c \'"name": "a"\'')).toBe('1\n');
  });

  it.each([
    ['0', 'exit 0', 0],
    ['the status of the command', 'exit 42', 42],
    ['128 and the signal that ended it', 'kill -KILL $$', 137],
    ['that of a command that is not there', 'exec no-such-command', 127],
  ])('ends with %s, in run and exec alike', (_, script, status) => {
    const quiet = (...args: string[]): number | null =>
      Number(world.host(`${world.command.join(' ')} ${args.join(' ')} -- sh -c '${script}' 2>/dev/null; echo $?`));
    expect(quiet('run')).toBe(status);
    expect(quiet('exec', 'a')).toBe(status);
  });

  it('hands a signal to the command, and the input and output untouched', async () => {
    const script = 'trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.05; done';
    for (const args of [['run'], ['exec', 'a']]) {
      const command = world.background([...world.command, ...args, '--', 'sh', '-c', script]);
      await command.says('ready');
      command.child.kill('SIGTERM');
      expect(await command.ended()).toMatchObject({ status: 7, out: 'ready\ncaught\n' });
    }
    const input = `${'x'.repeat(70_000)}\nend`;
    expect(world.mzr(['exec', 'a', '--', 'sh', '-c', 'cat; echo to err >&2'], { input })).toEqual({
      status: 0,
      out: input,
      err: 'to err\n',
    });
  });

  it('has the terminal: its name, its size, its keys', () => {
    const inTerminal = (args: string): string =>
      world
        .host(`script -qec 'stty rows 33 cols 77; ${args}' /dev/null < /dev/null | tr -d '\\r'`)
        .replaceAll(/pts\/\d+/g, 'pts/N');
    const script =
      'sh -c "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo yes; ps -o stat= -p \\$\\$ | grep -c +"';
    const outside = inTerminal(script);
    expect(outside).toContain('/dev/pts/N\n33 77\nyes\n1\n');
    expect(inTerminal(`${world.command.join(' ')} exec a -- ${script}`)).toBe(outside);
    expect(inTerminal(`${world.command.join(' ')} run -- ${script}`)).toBe(outside);
  });

  it.each(isRoot && user !== 'root' ? [group] : [])(
    'has the access that the supplementary group %i gives, though it shows as nogroup',
    () => {
      const file = `${world.root}/for-the-group`;
      writeFileSync(file, 'for members\n');
      chownSync(file, 0, group);
      chmodSync(file, 0o640);
      expect(world.inside('a', `cat ${file}; stat -c %g ${file}`)).toBe('for members\n65534\n');
      expect(world.host('id -G')).toContain(String(group));
      expect(world.inside('a', 'id -G')).not.toContain(String(group));
    },
  );

  it.each(isRoot && user !== 'root' ? [group] : [])(
    'reaches a server by a socket that only the supplementary group %i may use, as a Docker client does',
    async () => {
      const socket = `${world.root}/for-the-group.sock`;
      const server = createServer((connection) => connection.end('hello\n'));
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      chownSync(socket, 0, group);
      chmodSync(socket, 0o660);
      const script = `require('node:net').connect('${socket}').pipe(process.stdout)`;
      const client = world.background([...world.command, 'exec', 'a', '--', process.execPath, '-e', script]);
      expect(await client.ended()).toMatchObject({ status: 0, out: 'hello\n' });
      server.close();
    },
  );

  it('lets him look into processes inside from outside; from inside only root sees into those of other sessions', async () => {
    const inside = world.background([...world.command, 'exec', 'a', '--', 'sh', '-c', 'echo $$; exec sleep 300']);
    await inside.says('\n');
    const look = `readlink /proc/${inside.out.trim()}/cwd || echo refused`;
    expect(world.host(look)).toBe(`${world.tree}\n`);
    expect(world.inside('a', look)).toBe(user === 'root' ? `${world.tree}\n` : 'refused\n');
    expect(world.inside('a', 'sleep 300 & readlink /proc/$!/cwd; kill $!')).toBe(`${world.tree}\n`);
    inside.child.kill('SIGKILL');
    await inside.ended();
  });

  it('shows files of others as nobody’s to an ordinary user, and as they are to root', () => {
    const owner = world.inside('a', 'stat -c "%u %g" /etc/passwd; stat -c %u "$HOME"');
    expect(owner).toBe(user === 'root' ? '0 0\n0\n' : `65534 65534\n${world.uid}\n`);
  });

  it('has what ssh includes as files that it accepts, with the same content, whoever owns them', () => {
    const script = 'stat -c %u /etc/group; cmp /etc/group "$TMPDIR/group" && echo same';
    world.host(
      'cat /etc/group > "$TMPDIR/group"; mkdir -m 700 ~/.ssh; printf "Host *\n  include /etc/grou?\n" > ~/.ssh/config',
    );
    expect(world.inside('a', script)).toBe(`${world.uid}\nsame\n`);
    world.host('rm -r ~/.ssh');
    expect(world.inside('a', script)).toBe(`${user === 'root' ? 0 : 65_534}\nsame\n`);
  });

  it('hides and isolates nothing outside of the work tree', () => {
    const { root } = world;
    world.host(`mkdir -p ${root}/outside && echo before > ${root}/outside/file`);
    expect(
      world.inside(
        'a',
        `cat ${root}/outside/file; echo inside > ${root}/outside/file; echo new > ${root}/outside/new; rm -f ${root}/gone; mkdir -p ${root}/outside/dir`,
      ),
    ).toBe('before\n');
    expect(world.host(`cat ${root}/outside/file ${root}/outside/new; ls ${root}/outside`)).toBe(
      'inside\nnew\ndir\nfile\nnew\n',
    );
    const names = 'ls -A / /dev /usr /etc /var /run /sys 2>/dev/null | sort; ls -A "$TMPDIR"';
    const { outside, inside } = both(names);
    expect(inside).toBe(outside);
    // What other tests mount meanwhile is not seen inside where mounts do not propagate.
    const mounts = `grep -v " ${root}/\\(state\\|tree\\)\\|/mizer/ssh/" /proc/self/mountinfo | cut -d' ' -f5 |
      grep -vP "^(?!${root}/)/(tmp|dev/shm)/(mizer|mzr)-" | sort`;
    const seen = both(mounts);
    expect(seen.inside).toBe(seen.outside);
    expect(existsSync(`${root}/outside/dir`)).toBe(true);
  });
});
