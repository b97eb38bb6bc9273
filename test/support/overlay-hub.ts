import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { afterAll } from 'vitest';

export interface OverlayHub {
  /** The programs in front of a command that is to run where the hub's mounts are seen. */
  readonly through: readonly string[];
  /** Runs a command there. */
  run(...command: readonly string[]): string;
  /** Mounts an overlay as contexts do; `lower` from the top down. The directories are made. */
  mount(spec: { lower: readonly string[]; upper: string; work: string; at: string }): void;
  /** A mount namespace of its own in which `from` is bound over `to`; answers with the programs in front of a command. */
  session(from: string, to: string): Promise<readonly string[]>;
}

const isRoot = process.getuid?.() === 0;
const holders: ChildProcess[] = [];

// Registered while tests are collected: inside a running test it would be too late.
afterAll(() => {
  for (const holder of holders) holder.kill('SIGKILL');
});

/** A mount namespace (for an ordinary user in a user namespace) that lives as long as the test file. */
export async function startHub(): Promise<OverlayHub> {
  const through = await hold([
    'unshare',
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    '--mount',
    '--propagation',
    'private',
  ]);
  const run = (...command: readonly string[]): string => execute([...through, ...command]);
  return {
    through,
    run,
    mount({ lower, upper, work, at }) {
      for (const directory of [upper, work, at]) mkdirSync(directory, { recursive: true });
      const options = `userxattr,lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`;
      run('mount', '-t', 'overlay', '-o', options, 'test', at);
    },
    async session(from, to) {
      const session = await hold([...through, 'unshare', '--mount', '--propagation', 'private']);
      execute([...session, 'mount', '--bind', from, to]);
      return session;
    },
  };
}

function execute([program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
}

/** Starts a process that does nothing in the namespaces that `command` makes; answers with how to enter them. */
async function hold([program = '', ...args]: readonly string[]): Promise<readonly string[]> {
  const holder = spawn(program, [...args, 'sh', '-c', 'echo $$; exec sleep 3600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  holders.push(holder);
  const [printed] = (await once(holder.stdout, 'data')) as [Buffer];
  const pid = printed.toString('latin1').trim();
  return ['nsenter', '--target', pid, ...(isRoot ? [] : ['--user', '--preserve-credentials']), '--mount', '--'];
}
