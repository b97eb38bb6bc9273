import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const module = fileURLToPath(new URL('../../dist/cli/session/child.js', import.meta.url));

/** A process that runs `argv` as `mzr run` does, and ends as it does. */
const wrapper = (argv: readonly string[], more = ''): string => `
  import { passOn, runChild } from ${JSON.stringify(module)};
  const plan = { argv: ${JSON.stringify(argv)}, environment: process.env, outToErr: false ${more} };
  const ending = await runChild(plan).catch((error) => { console.error(error.code); process.exit(3); });
  process.exit(passOn(ending));`;
const start = (argv: readonly string[], more?: string): string[] => ['--input-type=module', '-e', wrapper(argv, more)];

/** Waits for the first output, and goes on reading: a closed pipe would be one more way for a command to end. */
async function firstOutput(child: ChildProcess): Promise<string> {
  const [part] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return part.toString();
}

describe('a command that runs as a child', () => {
  test.each([0, 1, 7, 255])('passes on its status %d', (status) => {
    expect(spawnSync(process.execPath, start(['sh', '-c', `exit ${status}`])).status).toBe(status);
  });

  test.each(['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGINT'] as const)('passes on that %s ended it', (signal) => {
    const { signal: ended } = spawnSync(process.execPath, start(['sh', '-c', `kill -${signal.slice(3)} $$`]));
    expect(ended).toBe(signal);
  });

  test('where the signal would dump our own core, its status tells: 128 and the number', () => {
    expect(spawnSync(process.execPath, start(['sh', '-c', 'ulimit -c 0; kill -SEGV $$'])).status).toBe(128 + 11);
    expect(spawnSync(process.execPath, start(['sh', '-c', 'ulimit -c 0; kill -QUIT $$'])).status).toBe(128 + 3);
  });

  test.each(['SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)(
    'gets the %s that we get, and decides what it means',
    async (signal) => {
      const script = `trap 'echo got; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
      const child = spawn(process.execPath, start(['sh', '-c', script]), { stdio: ['ignore', 'pipe', 'inherit'] });
      expect(await firstOutput(child)).toBe('ready\n');
      child.kill(signal);
      const [status] = (await once(child, 'exit')) as [number];
      expect(status).toBe(9);
    },
  );

  test.each(['SIGINT', 'SIGQUIT'] as const)('decides what %s means: we outlive it', async (signal) => {
    const child = spawn(process.execPath, start(['sh', '-c', 'echo ready; sleep 0.4; exit 5']), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await firstOutput(child)).toBe('ready\n');
    child.kill(signal);
    const [status] = (await once(child, 'exit')) as [number];
    expect(status).toBe(5);
  });

  test('finds the default signal actions and no descriptor of ours', () => {
    const look = ['sh', '-c', 'grep SigIgn /proc/self/status; ls /proc/self/fd'] as const;
    const { stdout } = spawnSync(process.execPath, start(look), { encoding: 'utf8' });
    expect(stdout).toMatch(/SigIgn:\s+0+\n/);
    expect(stdout).toBe(spawnSync(look[0], look.slice(1), { encoding: 'utf8' }).stdout);
  });

  test('stops with Ctrl-Z and goes on with fg, in a shell with job control', () => {
    const { stdout } = spawnSync('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], {
      encoding: 'utf8',
      env: {
        ...process.env,
        PS1: '',
        TERM: 'dumb',
        CODE: wrapper(['sh', '-c', 'kill -TSTP 0; echo went on']),
        NODE: process.execPath,
      },
      input:
        '"$NODE" --input-type=module -e "$CODE"\njobs | sed "s/Stopped.*/state: stopped/"\nfg >/dev/null\necho "status $?"\nexit\n',
    });
    expect(stdout).toContain('state: stopped');
    expect(stdout).toContain('\nwent on\r\n');
    expect(stdout).toContain('\nstatus 0\r\n');
  });

  test('a program that is not there is 127 for the caller to tell', () => {
    const { stderr } = spawnSync(process.execPath, start(['/nonexistent/program']), { encoding: 'utf8' });
    expect(stderr).toBe('E_COMMAND_NOT_FOUND\n');
  });
});

describe('a chain that waits to be let in', () => {
  const chain = ['sh', '-c', 'printf x >&3; read -r _ <&4; exec 3>&- 4<&-; exec "$@"', 'sh'];

  test('goes on only after it was let in, by its pid', () => {
    const enter = `, enter: async (pid) => { await new Promise((done) => setTimeout(done, 100)); console.log('let in', pid); }`;
    const { stdout, status } = spawnSync(
      process.execPath,
      start([...chain, 'sh', '-c', 'echo "in $$"; exit 4'], enter),
      {
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/^let in (\d+)\nin \1\n$/);
    expect(status).toBe(4);
  });

  test('is ended when it may not enter, and the reason is told', () => {
    const enter = `, enter: async () => { throw Object.assign(new Error('no'), { code: 'E_REFUSED' }); }`;
    const { stdout, stderr } = spawnSync(process.execPath, start([...chain, 'echo', 'ran'], enter), {
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'E_REFUSED\n' });
  });

  test('that ends before it is ready passes on its status', () => {
    const enter = `, enter: async () => { console.log('never'); }`;
    const { stdout, status } = spawnSync(process.execPath, start(['sh', '-c', 'exit 6'], enter), { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 6 });
  });
});
